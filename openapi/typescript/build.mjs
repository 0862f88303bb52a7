// Makes what is generated here from the schema and from client.ts:
//
//   schema.d.ts    the types of everything that travels, by openapi-typescript, and the interface Api of all operations
//   operations.ts  how each operation is called: its method, its path, its query, and whether it has a body
//   client.js      client.ts without its types, with the operations inside, so that one file is all a browser needs
//   client.d.ts    its types
//
// npm ci && npm run build
import { readFileSync, writeFileSync } from 'node:fs';
import yaml from 'js-yaml';
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';

const here = (name) => new URL(name, import.meta.url);
const schema = readFileSync(here('../openapi.yaml'), 'utf8');
const made = (by) => `// Made by build.mjs ${by}. Do not edit.\n`;

const operations = Object.entries(yaml.load(schema).paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })));
operations.sort((a, b) => (a.operationId < b.operationId ? -1 : 1));

writeFileSync(here('schema.d.ts'), await schemaTypes());
writeFileSync(here('operations.ts'), operationTable());
writeFileSync(here('client.js'), clientCode());
writeFileSync(here('client.d.ts'), clientTypes());

async function schemaTypes() {
    const types = await openapiTS(schema, { defaultNonNullable: false, silent: true });
    return made('from ../openapi.yaml') + astToString(types) + apiInterface();
}

/** Every operation as a method that takes one object, whatever part of it goes into the path, the query or the body. */
function apiInterface() {
    const methods = operations.filter(answersJSON).map((operation) => {
        const { operationId, summary, description } = operation;
        const input = inputType(operation);
        const given = input ? `input${isOptional(operation) ? '?' : ''}: ${input}` : 'input?: undefined';
        return `    /**\n     * ${summary}\n     *\n     * ${description}\n     */\n` +
            `    ${operationId}(${given}, how?: { signal?: AbortSignal }): Promise<${outputType(operation)}>;\n`;
    });
    return `/** Every operation of the server. What goes into path, query and body stands side by side in one object. */\n` +
        `export interface Api {\n${methods.join('')}}\n`;
}

function inputType(operation) {
    const { operationId, requestBody } = operation;
    const parts = [];
    if (named(operation, 'path').length > 0) parts.push(`operations["${operationId}"]["parameters"]["path"]`);
    if (named(operation, 'query').length > 0) parts.push(`NonNullable<operations["${operationId}"]["parameters"]["query"]>`);
    if (requestBody) parts.push(schemaType(requestBody.content['application/json'].schema));
    return parts.join(' & ');
}

function outputType({ responses }) {
    const [, success] = Object.entries(responses).find(([status]) => status.startsWith('2'));
    return success.content ? schemaType(success.content['application/json'].schema) : 'void';
}

function schemaType({ $ref }) {
    return `components["schemas"]["${$ref.split('/').pop()}"]`;
}

/** Whether the answer is JSON, or empty. A stream is read by messages(). */
function answersJSON({ responses }) {
    const successes = Object.entries(responses).filter(([status]) => status.startsWith('2'));
    return successes.every(([, { content }]) => !content || content['application/json']);
}

function named({ parameters = [] }, where) {
    return parameters.filter((parameter) => parameter.in === where).map((parameter) => parameter.name);
}

function bodySchema({ requestBody }) {
    const name = requestBody?.content['application/json'].schema.$ref.split('/').pop();
    return name ? yaml.load(schema).components.schemas[name] : undefined;
}

function isOptional(operation) {
    return !operation.parameters?.some(({ required }) => required) && !bodySchema(operation)?.required?.length;
}

function operationTable() {
    const lines = operations.map((operation) => {
        const { operationId, method, path, requestBody } = operation;
        const query = named(operation, 'query');
        const all = [...named(operation, 'path'), ...query, ...Object.keys(bodySchema(operation)?.properties ?? {})];
        if (new Set(all).size < all.length) throw new Error(`${operationId}: a name stands in two of path, query and body`);
        const search = query.length > 0 ? `?${query.join('&')}` : '';
        return `    ${operationId}: '${method} ${path}${search}${requestBody ? ' {}' : ''}',\n`;
    });
    return made('from ../openapi.yaml') +
        `\n/** How each operation is called: its method and path, the names in its query, and {} when it has a body. */\n` +
        `export const routes = {\n${lines.join('')}} as const;\n`;
}

function clientCode() {
    const importLine = /^import \{ routes \} from '\.\/operations\.js';\n/m;
    const code = withoutTypes('client.ts');
    if (!importLine.test(code)) throw new Error('client.ts does not import the operations any more');
    const table = withoutTypes('operations.ts').replace('export const', 'const').replace(/^.*Do not edit.*\n/, '');
    return made('from client.ts and ../openapi.yaml') + code.replace(importLine, '') + table;
}

/** TypeScript's compiler drops empty lines, and people are to read this: they travel as comments. */
function withoutTypes(name) {
    const source = readFileSync(here(name), 'utf8').replace(/^$/gm, '//~');
    const { outputText } = ts.transpileModule(source, { compilerOptions: { ...options(), noEmit: false } });
    return outputText.replace(/^\s*\/\/~$/gm, '').trimEnd() + '\n';
}

function clientTypes() {
    let types;
    const typesOnly = { ...options(), noEmit: false, declaration: true, emitDeclarationOnly: true };
    const program = ts.createProgram([here('client.ts').pathname], typesOnly);
    const wrong = ts.getPreEmitDiagnostics(program);
    if (wrong.length > 0) throw new Error(ts.formatDiagnostics(wrong, ts.createCompilerHost(typesOnly)));
    program.emit(undefined, (name, text) => { if (name.endsWith('client.d.ts')) types = text; });
    return made('from client.ts') + types;
}

function options() {
    const { config } = ts.readConfigFile(here('tsconfig.json').pathname, (name) => readFileSync(name, 'utf8'));
    return ts.convertCompilerOptionsFromJson(config.compilerOptions, here('.').pathname).options;
}
