import { createReferences, idsIn, nounOf, type Exported, type ExportedCall } from './exported.ts';

const quote = (text: string): string => `"${text.replace(/[#"<>&\\`\n]/g, (char) => `#${char.codePointAt(0)};`)}"`;

const captionOf = ({ command, params }: ExportedCall): string => {
  const name = params['name'] ?? params['displayname'] ?? params['ipaddress'];
  const port = params['publicport'] ?? params['startport'];
  const words = [name, params['cidr'] ?? params['gateway'], name === undefined ? params['protocol'] : undefined, port];
  return [nounOf(command), ...words.filter((word) => word !== undefined)].join(' ');
};

/** A flow chart of what is made and what belongs to what; a change that joins two things is an arrow. */
export const toMermaid = (exported: Exported): string => {
  const { calls } = exported;
  const { made } = createReferences(exported);
  const lines = calls.flatMap((call): string[] => {
    const { command, params, label, id } = call;
    const others = [...new Set(idsIn(params))].flatMap((one) => made.get(one)?.label ?? []);
    if (id !== undefined)
      return [`  ${label}[${quote(captionOf(call))}]`, ...others.map((other) => `  ${other} --> ${label}`)];
    const [first, ...rest] = others;
    return rest.map((other) => `  ${first} -. ${quote(command.name)} .-> ${other}`);
  });
  return ['flowchart TD', ...lines, ''].join('\n');
};
