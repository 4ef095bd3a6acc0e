import * as z from 'zod';
import { programName } from '../program-name.ts';
import { isSafeUrl, oneOrMore } from './values.ts';

const url = z.string().refine(isSafeUrl, 'It must be an https:// URL (http:// only on this machine)');
const digest = z
  .string()
  .regex(/^[0-9a-f]{64}$/i, `It must be a SHA-256 in 64 hexadecimal digits: ${programName} token hash`)
  .transform((value) => value.toLowerCase());

/** The section `auth`: whose tokens are taken over HTTP. A token's subject, or its name here, is the principal. */
export const authSection = z
  .strictObject({
    /** OAuth: who signs tokens, for whom they must be meant, which scopes they must have. */
    issuer: url.optional(),
    audience: oneOrMore(z.string().min(1)).optional(),
    /** By default what the issuer's metadata says. */
    jwks: url.optional(),
    scopes: z.array(z.string().min(1)).default([]),
    /** The claim that names the principal. */
    claim: z.string().min(1).default('sub'),
    /** The client id under which the issuer knows the web page; without it, the page takes static tokens only. */
    client: z.string().min(1).optional(),
    /** The public URL of `/mcp`; by default the audience that is a URL. */
    resource: url.optional(),
    /** Static tokens: SHA-256 by the principal's name; several while one is being replaced. */
    tokens: z.record(z.string().min(1), oneOrMore(digest)).optional(),
  })
  .superRefine(({ issuer, audience, jwks, resource, client, tokens }, context) => {
    const refuse = (message: string): void => context.addIssue({ code: 'custom', message });
    if (!issuer && !tokens) refuse('auth: give an issuer with its audience, or tokens, or both');
    if (!issuer && (audience ?? jwks ?? resource ?? client))
      refuse('auth: audience, jwks, resource and client need an issuer');
    if (issuer && !audience) refuse('auth: an issuer needs an audience, or tokens meant for others would be accepted');
    if (issuer && audience && !resource && !audience.some((value) => isSafeUrl(value)))
      refuse('auth: none of the audiences is a URL; give resource, the public URL of /mcp');
  });

/** Whose tokens are taken, as it was read. */
export type Auth = z.output<typeof authSection>;
