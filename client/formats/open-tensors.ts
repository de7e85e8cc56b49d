// Opens a file of tensors in whatever container its bytes say it is.
import { containerOf } from './container.ts';
import type { ByteSource, TensorFile } from './entry.ts';
import { FormatError } from './errors.ts';
import { openSafetensors } from './safetensors.ts';
import { openTorchFile, torchTensorFile } from './torch-file.ts';

/**
 * Opens a safetensors file or one of torch.save (through the restricted reader), told by content and not by name.
 * Throws FormatError.
 */
export async function openTensorFile(source: ByteSource): Promise<TensorFile> {
  const container = await containerOf(source);
  if (container === 'torch') return torchTensorFile(await openTorchFile(source));
  if (container === 'safetensors') return openSafetensors(source);
  throw new FormatError('invalid', 'a picture, not a file of tensors', {
    where: source.name,
    expected: 'a safetensors file or one of torch.save',
    fix: 'Was the wrong file chosen?',
  });
}
