// How much memory the page and its Workers hold, where the browser measures it: Chromium, in isolated pages.

/** Milliseconds between measurements: each waits for the browser to tidy up. */
const INTERVAL = 20_000;

interface MeasuringPerformance extends Performance {
  measureUserAgentSpecificMemory?(): Promise<{ readonly bytes: number }>;
}

/** Measures until the signal is aborted or the returned function is called. Does nothing elsewhere. */
export function measureMemory(tell: (bytes: number) => void, signal: AbortSignal): () => void {
  const measuring: MeasuringPerformance = performance;
  let gone = measuring.measureUserAgentSpecificMemory === undefined || !crossOriginIsolated;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const measure = async (): Promise<void> => {
    if (gone || signal.aborted) return;
    try {
      const { bytes } = await measuring.measureUserAgentSpecificMemory!();
      if (!gone && !signal.aborted) tell(bytes);
    } catch {
      // A browser that has the method may still refuse it; the page then says what was told on paper.
      gone = true;
    }
    timer = setTimeout(() => void measure(), INTERVAL);
  };
  void measure();
  return () => {
    gone = true;
    clearTimeout(timer);
  };
}
