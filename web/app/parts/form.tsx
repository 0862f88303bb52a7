import { useState } from 'preact/hooks';
import { spoken, titled } from '../names.ts';
import { memberOf, resolved, type Schema } from './schema.ts';

export type Values = Record<string, unknown>;

interface FieldsProps {
    schema: Schema;
    values: Values;
    onChange: (values: Values) => void;
    /** What it means to leave something empty. */
    absent?: string;
    /** Where the schema's definitions stand. */
    root?: Schema;
    /** The member whose members these are. */
    path?: string;
    /** False where the object as a whole may be left out, and nothing of it has been filled in. */
    wanted?: boolean;
}

/** Fields for an object of a schema. What is left empty is left out, and the game's own default holds. */
export function Fields({ schema, values, onChange, absent = 'as usual', root = schema, path = '', wanted = true }: FieldsProps) {
    const isRequired = (name: string) => schema.required?.includes(name) ?? false;
    return <>
        {Object.keys(schema.properties ?? {}).sort((a, b) => Number(isRequired(b)) - Number(isRequired(a))).map((name) =>
            <Field key={name} name={name} path={`${path}/${name}`} schema={memberOf(schema, name, root)!} root={root} absent={absent}
                required={wanted && isRequired(name)} value={values[name]} onChange={(value) => {
                    const { [name]: _, ...rest } = values;
                    onChange(value === undefined ? rest : { ...rest, [name]: value });
                }} />)}
    </>;
}

interface FieldProps {
    name: string;
    path: string;
    schema: Schema;
    root: Schema;
    required: boolean;
    absent: string;
    value: unknown;
    onChange: (value: unknown) => void;
}

function Field(props: FieldProps) {
    const { name, path, schema, root, required, absent, value, onChange } = props;
    const options = optionsOf(schema);
    if (options) return <Options {...props} options={options} />;
    if (schema.properties) {
        return <fieldset class="field part">
            <legend>{titled(name)}</legend>
            <Hint schema={schema} />
            <Fields schema={schema} root={root} path={path} absent={absent} wanted={required || value !== undefined} values={(value ?? {}) as Values}
                onChange={(values) => onChange(!required && Object.keys(values).length === 0 ? undefined : values)} />
        </fieldset>;
    }
    const items = resolved(schema.items, root)?.type ?? '';
    const empty = required ? '' : absent;
    return <label class="field">
        <span>{titled(name)}</span>
        <Hint schema={schema} />
        {schema.type === 'array' && items !== 'object' && items !== 'array' ? <Written required={required} empty={empty || 'with commas'} read={(text) => listed(text, items)} onChange={onChange} />
            : schema.type === 'array' || schema.type === 'object' ? <Written required={required} empty={`as JSON: ${JSON.stringify(schema.examples?.[0] ?? (schema.type === 'array' ? [] : {}))}`} read={JSON.parse} onChange={onChange} />
            : schema.type === 'integer' || schema.type === 'number'
                ? <input type="number" required={required} min={schema.minimum} max={schema.maximum} step={schema.type === 'integer' ? 1 : 'any'} value={(value as number | undefined) ?? ''} placeholder={empty}
                    onInput={({ currentTarget }) => onChange(Number.isFinite(currentTarget.valueAsNumber) ? currentTarget.valueAsNumber : undefined)} />
                : <input type="text" required={required} maxLength={schema.maxLength} value={(value as string | undefined) ?? ''} placeholder={empty} autocomplete="off"
                    onInput={({ currentTarget }) => onChange(currentTarget.value || undefined)} />}
    </label>;
}

function Options({ name, path, schema, required, absent, value, onChange, options }: FieldProps & { options: unknown[] }) {
    const all = required ? options : [undefined, ...options];
    return <fieldset class="field">
        <legend>{titled(name)}</legend>
        <Hint schema={schema} />
        <div class="choices">
            {all.map((option) => <label class="choice" key={String(option)}>
                <input type="radio" name={path} required={required} checked={value === option} onChange={() => onChange(option)} />
                <span>{option === undefined ? absent : typeof option === 'boolean' ? (option ? 'yes' : 'no') : spoken(String(option))}</span>
            </label>)}
        </div>
    </fieldset>;
}

interface WrittenProps { required: boolean; empty: string; read: (text: string) => unknown; onChange: (value: unknown) => void }

/** A field for what must be read before it is a value. It keeps what was typed, which may not be readable yet. */
function Written({ required, empty, read, onChange }: WrittenProps) {
    const [text, setText] = useState('');
    return <input type="text" required={required} value={text} placeholder={empty} autocomplete="off" spellcheck={false} onInput={({ currentTarget }) => {
        setText(currentTarget.value);
        currentTarget.setCustomValidity('');
        try {
            onChange(currentTarget.value.trim() === '' ? undefined : read(currentTarget.value));
        } catch (error) {
            onChange(undefined);
            currentTarget.setCustomValidity((error as Error).message);
        }
    }} />;
}

/** The parts of a list that is written with commas. */
function listed(text: string, type: string): unknown[] {
    const parts = text.split(',').map((part) => part.trim()).filter(Boolean);
    if (type !== 'integer' && type !== 'number') return parts;
    const numbers = parts.map(Number);
    if (numbers.some(Number.isNaN)) throw new Error('Numbers, with commas between them.');
    return numbers;
}

function Hint({ schema }: { schema: Schema }) {
    return schema.description ? <small class="soft">{schema.description}</small> : null;
}

/** The few values that a schema allows, if they are few. */
function optionsOf({ enum: values, type, minimum, maximum }: Schema): unknown[] | undefined {
    if (type === 'boolean') return [true, false];
    if (values) return values;
    if (type !== 'integer' || minimum === undefined || maximum === undefined || maximum - minimum > 9) return undefined;
    return Array.from({ length: maximum - minimum + 1 }, (_, step) => minimum + step);
}
