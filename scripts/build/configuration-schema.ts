import * as z from 'zod';
import { authSection } from '../../src/config/auth.ts';
import { profileSchema } from '../../src/config/profile.ts';
import { policySection, principalsSection, risksSection, rolesSection } from '../../src/config/policy.ts';
import { promptsSection } from '../../src/config/prompts.ts';
import { settings } from '../../src/config/settings.ts';
import { flag } from '../../src/config/values.ts';

/** The whole configuration file, as the program reads its parts. */
const file = z
  .strictObject({
    $schema: z.string().describe('This schema, for editors'),
    profiles: z.record(z.string(), profileSchema).describe('Clouds with their credentials, by name'),
    policy: policySection.describe('What is allowed, asked about or refused'),
    roles: rolesSection.describe('What holders of a role may do'),
    risks: risksSection.describe("The operator's own judgement of commands"),
    principals: principalsSection.describe('Who has which role and uses which profile'),
    auth: authSection.describe('Whose tokens are taken over HTTP'),
    prompts: promptsSection.describe("The operator's own prompts"),
    ...settings.shape,
  })
  .partial();

/**
 * The JSON Schema of the configuration file (draft 2020-12), for editors. It knows names, types and bounds; what is asked of several
 * settings together, such as a whole credential, only the program checks. Numbers are numbers: the program takes them as text, too.
 */
export const configurationSchema = (): object => ({
  title: 'cloudstack-mcp-server',
  description: 'The configuration file of cloudstack-mcp-server',
  ...z.toJSONSchema(file, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      // A yes or a no as a word is one of these only.
      if (zodSchema === flag)
        Object.assign(jsonSchema, {
          anyOf: [{ type: 'boolean' }, { type: 'string', pattern: '^(?:true|1|yes|on|false|0|no|off)$' }],
        });
      // What the program reads of it further, no pattern says.
      if (zodSchema === settings.shape.redisUrl) Object.assign(jsonSchema, { pattern: '^$|^rediss?://' });
    },
  }),
});
