/** As much of JSON Schema as games use. */
export interface Schema {
    type?: string;
    title?: string;
    enum?: (string | number)[];
    properties?: Record<string, Schema>;
    required?: string[];
    items?: Schema;
    minimum?: number;
    maximum?: number;
    maxLength?: number;
    description?: string;
    default?: unknown;
    examples?: unknown[];
    $ref?: string;
    $defs?: Record<string, Schema>;
}

/** A schema with what it refers to. The definitions stand at the root of its document. */
export function resolved(schema: Schema | undefined, root: Schema | undefined): Schema | undefined {
    if (schema?.$ref === undefined) return schema;
    return { ...root?.$defs?.[schema.$ref.replace('#/$defs/', '')], ...schema, $ref: undefined };
}

/** The schema of an object's member. */
export function memberOf(schema: Schema | undefined, name: string, root: Schema | undefined): Schema | undefined {
    return resolved(schema?.properties?.[name], root);
}

/** Whether a value has all that it must have. */
export function isComplete(schema: Schema, values: Record<string, unknown>, root: Schema): boolean {
    const { properties = {}, required = [] } = schema;
    return required.every((name) => values[name] !== undefined) && Object.keys(properties).every((name) => {
        const its = memberOf(schema, name, root);
        return !its?.properties || values[name] === undefined || isComplete(its, values[name] as Record<string, unknown>, root);
    });
}
