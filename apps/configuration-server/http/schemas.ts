import type { FastifyInstance, FastifySchema, FastifySchemaCompiler } from 'fastify';
import { z } from 'zod';

/** Input that does not fit its schema; the error handler turns it into a refusal. */
export class UnfitInput extends Error {
  override readonly name = 'UnfitInput';
  readonly statusCode = 400;
  readonly issues: z.ZodError;
  readonly input: unknown;
  constructor(issues: z.ZodError, input: unknown) {
    super('the input does not fit its schema');
    this.issues = issues;
    this.input = input;
  }
}

/** Zod schemas in place of JSON Schema: what a route declares is what is checked and what /openapi.json says. */
export function useZod(app: FastifyInstance): void {
  const validate: FastifySchemaCompiler<z.ZodType> =
    ({ schema }) =>
    (input) => {
      const read = schema.safeParse(input);
      return read.success ? { value: read.data } : { error: new UnfitInput(read.error, input) };
    };
  app.setValidatorCompiler(validate);
  app.setSerializerCompiler(() => JSON.stringify);
}

/** A route's zod schemas as JSON Schema (OpenAPI 3.1 takes draft 2020-12). */
export function asJsonSchema(schema: FastifySchema): FastifySchema {
  const { body, querystring, params, response, ...rest } = schema;
  return {
    ...rest,
    ...(body !== undefined && { body: inputSchema(body) }),
    ...(querystring !== undefined && { querystring: inputSchema(querystring) }),
    ...(params !== undefined && { params: inputSchema(params) }),
    ...(response !== undefined && {
      response: Object.fromEntries(
        Object.entries(response as Record<string, z.ZodType>).map(([status, answer]) => [
          status,
          { description: answer.description ?? 'what was asked for', ...z.toJSONSchema(answer, { io: 'output' }) },
        ]),
      ),
    }),
  };
}

function inputSchema(schema: unknown): object {
  return z.toJSONSchema(schema as z.ZodType, { io: 'input', unrepresentable: 'any' });
}
