import { expect, test } from "vitest";
import { schemaErrors } from "../../support/json-schema.ts";

const schema = {
  oneOf: [{ $ref: "#/$defs/a" }, { $ref: "#/$defs/b" }],
  $defs: {
    a: {
      type: "object",
      properties: {
        type: { const: "a" },
        n: { type: "integer", minimum: 0 },
        list: { type: "array", items: { enum: [1, 2] } },
      },
      required: ["type", "n"],
      additionalProperties: false,
    },
    b: {
      type: "object",
      properties: { type: { const: "b" }, s: { type: "string", pattern: "^x" } },
      required: ["type"],
    },
  },
};

test.each([
  [{ type: "a", n: 1, list: [1, 2] }, []],
  [{ type: "b", s: "xy", more: true }, []],
  [{ type: "a" }, ["$.n: is missing"]],
  [{ type: "a", n: 1.5 }, ["$.n: is not of type integer"]],
  [{ type: "a", n: -1 }, ["$.n: is too small"]],
  [{ type: "a", n: 1, list: [3] }, ["$.list[0]: 3 is not allowed"]],
  [{ type: "a", n: 1, more: true }, ["$.more: is not in the schema"]],
  [{ type: "b", s: "y" }, ["$.s: does not match ^x"]],
  [{ type: "c" }, ['$: fits none of the choices: {"type":"c"}']],
])("schemaErrors of %j", (value, errors) => {
  expect(schemaErrors(schema, value)).toEqual(errors);
});
