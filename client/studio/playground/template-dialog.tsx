// New work: one of the kit's templates takes the place of the source.
import { Modal } from '../components/modal.tsx';
import { usePlayground } from './playground-context.ts';
import type { TemplateChoice } from './templates.ts';
import { TEMPLATE_CHOICES, weightsFrom, workFrom } from './templates.ts';

export function TemplateDialog({ onClose }: { readonly onClose: () => void }) {
  const { actions } = usePlayground();
  const begin = ({ name }: TemplateChoice) => {
    actions.begin(workFrom(name), weightsFrom(name));
    onClose();
  };
  return (
    <Modal title="New from a template" kind="template-dialog" onClose={onClose}>
      <p class="hint">The source in the editor is replaced. Download it first if you want to keep it.</p>
      <ul class="template-list">
        {TEMPLATE_CHOICES.map((choice) => (
          <li key={choice.name}>
            <button type="button" class="template" onClick={() => begin(choice)}>
              <strong>{choice.title}</strong>
              <span>{choice.summary}</span>
            </button>
          </li>
        ))}
      </ul>
    </Modal>
  );
}
