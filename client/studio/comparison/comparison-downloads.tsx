// A report and what was trained for it, as files.
import { COMPARED } from '../../comparison/compare-kinds.ts';
import type { ComparisonResult } from '../../comparison/protocol.ts';
import type { ComparisonReport } from '../../comparison/report-data.ts';
import { reportPage } from '../../comparison/report-page.ts';
import { Icon } from '../components/icon.tsx';
import { saveFile } from '../state/save-file.ts';

export interface DownloadsProps {
  readonly report: ComparisonReport;
  /** Undefined for a report that was made elsewhere. */
  readonly files: ComparisonResult['files'] | undefined;
}

export function Downloads({ report, files }: DownloadsProps) {
  const save = (name: string, content: string | Uint8Array<ArrayBuffer>) =>
    saveFile(new Blob([content]), name);
  return (
    <p class="comparison-downloads">
      <Save name="report.html" onSave={(name) => save(name, reportPage(report))} />
      <Save name="report.json" onSave={(name) => save(name, JSON.stringify(report))} />
      {files === undefined
        ? null
        : COMPARED.map((kind) => (
            <Save key={kind} name={`${files[kind].name}.pt`} onSave={(name) => save(name, files[kind].pt)} />
          ))}
    </p>
  );
}

function Save({ name, onSave }: { readonly name: string; readonly onSave: (name: string) => void }) {
  return (
    <button type="button" class="quiet framed" onClick={() => onSave(name)}>
      <Icon name="download" /> {name}
    </button>
  );
}
