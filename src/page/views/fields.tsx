import type { JSX } from 'preact';
import { AskError } from '../ask.ts';

/** The part of a JSON Schema that a field is made from. */
export interface FieldSchema {
  type?: string;
  description?: string;
  enum?: (string | number)[];
  items?: FieldSchema;
  properties?: Record<string, FieldSchema>;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
}

const isStructured = ({ type, items }: FieldSchema): boolean => type === 'object' || items?.type === 'object';

const readOne = (name: string, schema: FieldSchema, text: string): unknown => {
  if (schema.type === 'boolean') return text === 'true';
  if (schema.type === 'integer' || schema.type === 'number') return Number(text);
  if (isStructured(schema))
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw new AskError({ kind: 'invalid', message: `${name} is not JSON.`, hint: 'Such as {"key": "value"}.' });
    }
  if (schema.type === 'array')
    return text
      .split(/[\n,]/)
      .map((word) => word.trim())
      .filter(Boolean);
  return text;
};

/** The arguments out of a form's texts; what was left empty is left out. Throws an AskError for what cannot be read. */
export const readFields = (
  properties: Record<string, FieldSchema>,
  values: Record<string, string>,
): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, text]) =>
      text === '' ? [] : [[name, readOne(name, properties[name] ?? {}, text)]],
    ),
  );

/** One parameter of a tool. */
export const Field = ({
  name,
  schema,
  isRequired,
  value,
  onChange,
}: {
  name: string;
  schema: FieldSchema;
  isRequired: boolean;
  value: string;
  onChange: (value: string) => void;
}): JSX.Element => {
  const id = `field-${name}`;
  const common = {
    id,
    value,
    required: isRequired,
    'aria-describedby': schema.description ? `${id}-about` : undefined,
  };
  const choices = schema.type === 'boolean' ? ['true', 'false'] : schema.enum?.map(String);
  const input = choices ? (
    <select {...common} onChange={(event) => onChange(event.currentTarget.value)}>
      <option value="">–</option>
      {choices.map((choice) => (
        <option key={choice} value={choice}>
          {choice}
        </option>
      ))}
    </select>
  ) : schema.type === 'array' || schema.type === 'object' ? (
    <textarea
      {...common}
      rows={2}
      placeholder={isStructured(schema) ? 'JSON' : 'one on each line'}
      spellcheck={false}
      onInput={(event) => onChange(event.currentTarget.value)}
    />
  ) : schema.type === 'integer' || schema.type === 'number' ? (
    <input
      {...common}
      type="number"
      step={schema.type === 'number' ? 'any' : 1}
      min={schema.minimum}
      max={schema.maximum}
      onInput={(event) => onChange(event.currentTarget.value)}
    />
  ) : (
    <input
      {...common}
      type="text"
      maxLength={schema.maxLength}
      autocomplete="off"
      spellcheck={false}
      onInput={(event) => onChange(event.currentTarget.value)}
    />
  );
  return (
    <div class="field">
      <label for={id}>
        {name}
        {isRequired ? <span class="quiet"> (required)</span> : null}
      </label>
      {input}
      {schema.description ? (
        <p class="quiet" id={`${id}-about`}>
          {schema.description}
        </p>
      ) : null}
    </div>
  );
};
