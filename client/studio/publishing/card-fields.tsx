// The card's form, with each field's fault beside it while one types, and whether the name is free.
import { useEffect, useState } from 'preact/hooks';
import { createPublishing, RegistryError } from '../../index.ts';
import { cardFaults } from '../../kit/card-faults.ts';
import { useAccountState } from '../account/account-context.ts';
import { useHeld, usePublishing } from './publishing-context.ts';
import { type CardForm, cardOf, type PublishingState } from './publishing-state.ts';

const LICENCES = ['CC-BY-4.0', 'CC-BY-SA-4.0', 'CC0-1.0', 'CC-BY-NC-4.0', 'Apache-2.0', 'MIT'];
/** Typing of a name rests so long before the registry is asked. */
const NAME_PAUSE_MS = 400;

const FIELDS = [
  { field: 'title', label: 'Title', hint: 'as people read it', wide: true },
  {
    field: 'name',
    label: 'Name',
    hint: 'as prompts call it: lower-case letters, digits, hyphens; it stays',
    wide: true,
  },
  { field: 'version', label: 'Version', hint: 'only goes up', wide: false },
  { field: 'licence', label: 'Licence', hint: 'what others may do', wide: false },
  { field: 'author', label: 'Author', hint: '', wide: true },
  { field: 'tags', label: 'Tags', hint: 'between commas: line-art, blue', wide: false },
  { field: 'triggerWords', label: 'Trigger words', hint: 'between commas', wide: false },
] as const;

const selectForm = (state: PublishingState) => state.form;
const selectParts = (state: PublishingState) => state.parts;

/** Faults of the card as it would be sent, by field. */
export function useFaults(): ReadonlyMap<string, string> {
  const form = useHeld(selectForm);
  const parts = useHeld(selectParts);
  // Packing reads the layers off the weights where the card has none.
  return cardFaults({ layers: null, ...cardOf({ form, parts }) });
}

export function CardFields() {
  const { store } = usePublishing();
  const form = useHeld(selectForm);
  const parts = useHeld(selectParts);
  const faults = useFaults();
  const set = (change: Partial<CardForm>) => store.dispatch({ kind: 'type', change });
  return (
    <div class="card-fields">
      {FIELDS.map(({ field, label, hint, wide }) => (
        <label key={field} class={wide ? 'field wide' : 'field'}>
          <span class="field-name">
            {label}
            {hint === '' ? null : <span class="field-hint"> {hint}</span>}
          </span>
          <input
            type="text"
            autocomplete="off"
            spellcheck={field === 'title'}
            list={field === 'licence' ? 'licences' : undefined}
            value={form[field]}
            aria-invalid={faults.has(field)}
            onInput={(event) => set({ [field]: event.currentTarget.value })}
          />
          {field === 'name' && !faults.has('name') ? <NameState name={form.name} /> : null}
          <Fault words={form[field] === '' && field !== 'licence' ? undefined : faults.get(field)} />
        </label>
      ))}
      <datalist id="licences">
        {LICENCES.map((licence) => (
          <option key={licence} value={licence} />
        ))}
      </datalist>
      <label class="field wide">
        <span class="field-name">Description</span>
        <textarea
          rows={3}
          value={form.description}
          onInput={(event) => set({ description: event.currentTarget.value })}
        />
        <Fault words={faults.get('description')} />
      </label>
      {(parts?.widths.length ?? 0) > 1 ? (
        <label class="field wide">
          <span class="field-name">
            Made for models whose text context is <span class="field-hint">768 in Stable Diffusion 1.x</span>
          </span>
          <select
            value={form.contextWidth}
            onChange={(event) => set({ contextWidth: Number(event.currentTarget.value) })}
          >
            {parts!.widths.map((width) => (
              <option key={width} value={width}>
                {width} wide
              </option>
            ))}
          </select>
        </label>
      ) : null}
    </div>
  );
}

function Fault({ words }: { readonly words: string | undefined }) {
  return words === undefined ? null : (
    <span class="field-fault" role="status">
      {words}
    </span>
  );
}

/** Whether the name is free, one's own, or another's, as the registry says. */
function NameState({ name }: { readonly name: string }) {
  const { handle } = useAccountState();
  const [words, setWords] = useState<string>();
  useEffect(() => {
    setWords(undefined);
    let gone = false;
    const timer = setTimeout(() => {
      createPublishing(location.origin)
        .owners(name)
        .then(
          (owners) =>
            handle !== undefined && owners.includes(handle)
              ? 'yours: a new version of it'
              : `belongs to ${owners.join(', ')}: choose another`,
          (error: unknown) =>
            error instanceof RegistryError && error.code === 'registry/not-found' ? 'free' : undefined,
        )
        .then((found) => {
          if (!gone) setWords(found);
        });
    }, NAME_PAUSE_MS);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [name, handle]);
  return words === undefined ? null : (
    <span class="field-state" role="status">
      {words}
    </span>
  );
}
