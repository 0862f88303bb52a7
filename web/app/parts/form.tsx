import { spoken, titled } from '../names.ts';

/** As much of JSON Schema as games use. */
export interface Schema {
    type?: string;
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
}

export type Values = Record<string, unknown>;

/** Fields for an object of a schema. What is left empty is left out, and the game's own default holds. */
export function Fields({ schema, values, onChange }: { schema: Schema; values: Values; onChange: (values: Values) => void }) {
    return <>
        {Object.entries(schema.properties ?? {}).map(([name, one]) =>
            <Field key={name} name={name} schema={one} required={schema.required?.includes(name) ?? false} value={values[name]} onChange={(value) => {
                const { [name]: _, ...rest } = values;
                onChange(value === undefined ? rest : { ...rest, [name]: value });
            }} />)}
    </>;
}

interface FieldProps {
    name: string;
    schema: Schema;
    required: boolean;
    value: unknown;
    onChange: (value: unknown) => void;
}

function Field({ name, schema, required, value, onChange }: FieldProps) {
    const options = optionsOf(schema);
    if (options) {
        const all = required ? options : [undefined, ...options];
        return <fieldset class="field">
            <legend>{titled(name)}</legend>
            <Hint schema={schema} />
            <div class="choices">
                {all.map((option) => <label class="choice" key={String(option)}>
                    <input type="radio" name={name} checked={value === option} onChange={() => onChange(option)} />
                    <span>{option === undefined ? 'as usual' : typeof option === 'boolean' ? (option ? 'yes' : 'no') : spoken(String(option))}</span>
                </label>)}
            </div>
        </fieldset>;
    }
    const number = schema.type === 'integer' || schema.type === 'number';
    const list = schema.type === 'array';
    const take = ({ currentTarget }: { currentTarget: HTMLInputElement }) => onChange(read(currentTarget.value, number, list));
    return <label class="field">
        <span>{titled(name)}</span>
        <Hint schema={schema} />
        {number
            ? <input type="number" required={required} min={schema.minimum} max={schema.maximum} value={(value as number | undefined) ?? ''} placeholder={required ? '' : 'as usual'} onInput={take} />
            : <input type="text" required={required} maxLength={schema.maxLength} value={list ? (value as string[] | undefined)?.join(', ') ?? '' : (value as string | undefined) ?? ''}
                placeholder={required ? '' : list ? 'all, or some with commas' : 'as usual'} autocomplete="off" onInput={take} />}
    </label>;
}

function Hint({ schema }: { schema: Schema }) {
    return schema.description ? <small class="soft">{schema.description}</small> : null;
}

function read(text: string, number: boolean, list: boolean): unknown {
    if (text.trim() === '') return undefined;
    if (list) return text.split(',').map((part) => part.trim()).filter(Boolean);
    return number && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** The few values that a schema allows, if they are few. */
function optionsOf({ enum: values, type, minimum, maximum }: Schema): unknown[] | undefined {
    if (type === 'boolean') return [true, false];
    if (values && values.length <= 12) return values;
    if (type !== 'integer' || minimum === undefined || maximum === undefined || maximum - minimum > 9) return undefined;
    return Array.from({ length: maximum - minimum + 1 }, (_, step) => minimum + step);
}
