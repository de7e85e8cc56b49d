// A failure in words, beside the form that it is about.

export function Complaint({ words }: { readonly words: string | undefined }) {
  if (words === undefined) return null;
  return (
    <div class="failure" role="alert">
      <p class="failure-message">{words}</p>
    </div>
  );
}
