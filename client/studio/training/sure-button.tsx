// A button for what cannot be taken back: the first press asks, the second one does it.
import { useEffect, useState } from 'preact/hooks';
import { Icon } from '../components/icon.tsx';

/** The question is dropped after so long. Milliseconds. */
const PATIENCE_MS = 5000;

export interface SureButtonProps {
  readonly words: string;
  readonly question: string;
  readonly onSure: () => void;
}

export function SureButton({ words, question, onSure }: SureButtonProps) {
  const [asked, setAsked] = useState(false);
  useEffect(() => {
    if (!asked) return;
    const timer = setTimeout(() => setAsked(false), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [asked]);
  const press = (): void => {
    setAsked(!asked);
    if (asked) onSure();
  };
  return (
    <button type="button" class={asked ? 'quiet framed danger' : 'quiet danger'} onClick={press}>
      <Icon name="bin" /> <span aria-live="polite">{asked ? question : words}</span>
    </button>
  );
}
