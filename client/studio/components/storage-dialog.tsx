// What is kept on this device: weights by their digest, their sizes, and the way to let them go.
import { useEffect, useState } from 'preact/hooks';
import { sizeText } from '../state/size-text.ts';
import type { StoredBlob } from '../state/tincture.ts';
import { Icon } from './icon.tsx';
import { Modal } from './modal.tsx';
import { useStudio } from './studio-context.ts';

export function StorageDialog({ onClose }: { readonly onClose: () => void }) {
  const { actions, tincture } = useStudio();
  const [blobs, setBlobs] = useState<readonly StoredBlob[]>();
  const read = async () =>
    setBlobs((await actions.attempt('Reading the storage', () => tincture.stored())) ?? []);
  useEffect(() => void read(), []);
  const forget = async (work: () => Promise<void>) => {
    await actions.attempt('Clearing the storage', work);
    await read();
  };
  const total = (blobs ?? []).reduce((sum, { size }) => sum + size, 0);
  return (
    <Modal title="Storage" kind="storage-dialog" onClose={onClose}>
      <p>
        Weights and previews are fetched once, checked against their SHA-256, and kept in this browser so that
        the studio works without a network. Pictures that you draw are not stored, and a prompt only until
        this tab is closed.
      </p>
      <p class="storage-total" aria-live="polite">
        {blobs === undefined
          ? 'Looking …'
          : `${sizeText(total)} in ${blobs.length} ${blobs.length === 1 ? 'file' : 'files'}`}
      </p>
      <ul class="blobs">
        {(blobs ?? []).map(({ sha256, size, label }) => (
          <li key={sha256}>
            <span class="blob-label">{label}</span>
            <code class="blob-digest">{sha256.slice(0, 10)}</code>
            <span class="blob-size">{sizeText(size)}</span>
            <button
              type="button"
              class="tool small"
              title="Remove from this device"
              onClick={() => void forget(() => tincture.forget(sha256))}
            >
              <Icon name="bin" />
              <span class="sr">{`Remove ${label}`}</span>
            </button>
          </li>
        ))}
      </ul>
      <button
        type="button"
        class="quiet danger"
        aria-disabled={total === 0}
        onClick={() => void forget(() => tincture.forgetAll())}
      >
        <Icon name="bin" /> Remove everything
      </button>
      <p class="hint">What is removed is fetched again when it is next needed.</p>
    </Modal>
  );
}
