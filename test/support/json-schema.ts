/** Holds a value against a JSON schema: the part of draft 2020-12 that docs/events.schema.json uses. */

/** A schema, or a part of one. */
export type Schema = Readonly<Record<string, unknown>>;

/** What is wrong with a value, as lines of text; empty: nothing. Unknown keywords are an error of the schema. */
export function schemaErrors(root: Schema, value: unknown): string[] {
  return check(root, root, value, "$");
}

const known = new Set(
  "$schema $id $defs title description $ref oneOf type const enum properties required additionalProperties items minimum pattern".split(
    " ",
  ),
);

function check(root: Schema, schema: Schema, value: unknown, at: string): string[] {
  const strange = Object.keys(schema).filter((key) => !known.has(key));
  if (strange.length > 0) throw new Error(`schema keyword ${strange[0]} is not supported`);
  if (typeof schema.$ref === "string") return check(root, resolve(root, schema.$ref), value, at);
  if (Array.isArray(schema.oneOf)) return checkOneOf(root, schema.oneOf as Schema[], value, at);
  if ("const" in schema && value !== schema.const) return [`${at}: is not ${JSON.stringify(schema.const)}`];
  if (Array.isArray(schema.enum) && !schema.enum.includes(value)) return [`${at}: ${String(value)} is not allowed`];
  if (typeof schema.type === "string" && !isOfType(schema.type, value)) return [`${at}: is not of type ${schema.type}`];
  if (typeof schema.minimum === "number" && (value as number) < schema.minimum) return [`${at}: is too small`];
  if (typeof schema.pattern === "string" && !new RegExp(schema.pattern).test(value as string)) {
    return [`${at}: does not match ${schema.pattern}`];
  }
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => check(root, (schema.items ?? {}) as Schema, item, `${at}[${index}]`));
  }
  return typeof value === "object" && value !== null ? checkObject(root, schema, value, at) : [];
}

/** Of lines of different types only the errors of the one that was meant are of use. */
function checkOneOf(root: Schema, choices: readonly Schema[], value: unknown, at: string): string[] {
  const tries = choices.map((choice) => check(root, choice, value, at));
  const fitting = tries.filter((errors) => errors.length === 0);
  if (fitting.length === 1) return [];
  if (fitting.length > 1) return [`${at}: fits ${fitting.length} of the choices`];
  const meant = tries.find((errors) => !errors.some((error) => error.startsWith(`${at}.type:`)));
  return meant ?? [`${at}: fits none of the choices: ${JSON.stringify(value)}`];
}

function checkObject(root: Schema, schema: Schema, value: object, at: string): string[] {
  const properties = (schema.properties ?? {}) as Record<string, Schema>;
  const missing = ((schema.required ?? []) as string[]).filter((key) => !(key in value));
  return [
    ...missing.map((key) => `${at}.${key}: is missing`),
    ...Object.entries(value).flatMap(([key, part]) => {
      const property = properties[key];
      if (property !== undefined) return check(root, property, part, `${at}.${key}`);
      return schema.additionalProperties === false ? [`${at}.${key}: is not in the schema`] : [];
    }),
  ];
}

function resolve(root: Schema, reference: string): Schema {
  const found = (root.$defs as Record<string, Schema> | undefined)?.[reference.replace("#/$defs/", "")];
  if (found === undefined) throw new Error(`schema reference ${reference} leads nowhere`);
  return found;
}

function isOfType(type: string, value: unknown): boolean {
  if (type === "integer") return Number.isInteger(value);
  if (type === "array") return Array.isArray(value);
  if (type === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return typeof value === type;
}
