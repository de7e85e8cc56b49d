// An image whose bytes are at hand; its address lives as long as it is shown.
import { useEffect, useState } from 'preact/hooks';

export interface BlobImageProps {
  readonly blob: Blob;
  readonly alt: string;
}

export function BlobImage({ blob, alt }: BlobImageProps) {
  const [address, setAddress] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(blob);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  return address === undefined ? null : <img src={address} alt={alt} loading="lazy" decoding="async" />;
}
