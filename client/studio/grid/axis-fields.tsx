// The fields of one axis: what it shows, and its values.
import type { AxisKind } from '../../kit/grid-axes.ts';
import { useSelected, useStudio } from '../components/studio-context.ts';
import type { StudioState } from '../state/studio.ts';
import { AXIS_KINDS, type AxisForm, KIND_NAMES, NO_STYLE } from './grid-form.ts';

export interface AxisFieldsProps {
  /** `Columns`, `Rows`. */
  readonly title: string;
  readonly form: AxisForm;
  /** Whether the grid may do without it. */
  readonly optional: boolean;
  readonly onChange: (change: Partial<AxisForm>) => void;
}

export function AxisFields({ title, form, optional, onChange }: AxisFieldsProps) {
  return (
    <fieldset class="axis">
      <legend>{title}</legend>
      <label class="field">
        <span class="field-name">show</span>
        <select
          value={form.kind}
          onChange={({ currentTarget }) => {
            const kind = [...AXIS_KINDS, 'none' as const].find((known) => known === currentTarget.value);
            if (kind !== undefined) onChange({ kind });
          }}
        >
          {optional ? <option value="none">nothing: one row</option> : null}
          {AXIS_KINDS.map((kind) => (
            <option key={kind} value={kind}>
              {KIND_NAMES[kind]}
            </option>
          ))}
        </select>
      </label>
      {form.kind === 'none' ? null : (
        <Values title={title} kind={form.kind} form={form} onChange={onChange} />
      )}
    </fieldset>
  );
}

type ValuesProps = Omit<AxisFieldsProps, 'optional'> & { readonly kind: AxisKind };

function Values({ title, kind, form, onChange }: ValuesProps) {
  const { tincture } = useStudio();
  if (kind === 'sampler') {
    const samplers = tincture.samplers.map(({ name, title: shown }) => [name, shown] as const);
    return (
      <Ticks choices={samplers} ticked={form.samplers} onChange={(names) => onChange({ samplers: names })} />
    );
  }
  if (kind === 'style') return <StyleTicks form={form} onChange={onChange} />;
  return (
    <>
      {kind === 'strength' ? <StrengthOf form={form} onChange={onChange} /> : null}
      <label class="field">
        <span class="field-name">values, between commas</span>
        <input
          type="text"
          autocomplete="off"
          aria-label={`${title}: values, between commas`}
          value={form.texts[kind]}
          onInput={({ currentTarget }) => onChange({ texts: { ...form.texts, [kind]: currentTarget.value } })}
        />
      </label>
    </>
  );
}

const selectShelf = (state: StudioState) => state.shelf;
const selectInUse = (state: StudioState) => state.inUse;

type PartProps = Pick<AxisFieldsProps, 'form' | 'onChange'>;

function StyleTicks({ form, onChange }: PartProps) {
  const shelf = useSelected(selectShelf);
  const choices = [[NO_STYLE, 'none'] as const, ...shelf.map(({ id, title }) => [id, title] as const)];
  return <Ticks choices={choices} ticked={form.styles} onChange={(styles) => onChange({ styles })} />;
}

function StrengthOf({ form, onChange }: PartProps) {
  const shelf = useSelected(selectShelf);
  const inUse = useSelected(selectInUse);
  const styles = shelf.filter(({ id }) => inUse.some((use) => use.id === id));
  if (styles.length < 2) {
    return styles.length === 0 ? (
      <p class="hint">No style is in use: take one on the drawing page, or let the other axis show styles.</p>
    ) : null;
  }
  return (
    <label class="field">
      <span class="field-name">of the style</span>
      <select value={form.of} onChange={({ currentTarget }) => onChange({ of: currentTarget.value })}>
        <option value="">the first in use</option>
        {styles.map(({ id, title }) => (
          <option key={id} value={id}>
            {title}
          </option>
        ))}
      </select>
    </label>
  );
}

interface TicksProps {
  readonly choices: readonly (readonly [value: string, label: string])[];
  readonly ticked: readonly string[];
  readonly onChange: (ticked: readonly string[]) => void;
}

/** Boxes to tick; what is ticked keeps the order of the choices. */
function Ticks({ choices, ticked, onChange }: TicksProps) {
  return (
    <div class="ticks">
      {choices.map(([value, label]) => (
        <label key={value}>
          <input
            type="checkbox"
            checked={ticked.includes(value)}
            onChange={({ currentTarget: { checked } }) =>
              onChange(
                choices.map(([one]) => one).filter((one) => (one === value ? checked : ticked.includes(one))),
              )
            }
          />{' '}
          {label}
        </label>
      ))}
    </div>
  );
}
