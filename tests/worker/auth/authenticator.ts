// A WebAuthn authenticator in software, with a browser's part: makes passkeys and answers challenges, also in ways that no honest one would.
import { createHash } from 'node:crypto';
import { base64url, fromBase64url } from '../../../plugins/contract/base64url.ts';

export interface Answering {
  /** The page's origin, as the browser writes it into the answer. */
  readonly origin: string;
  /** Default: the origin's host. */
  readonly rpId?: string;
  /** Default: present, verified. */
  readonly flags?: number;
  readonly counter?: number;
}

export interface SoftPasskey {
  readonly id: string;
  /** The answer to registration options, to be posted as JSON. */
  readonly attestation: object;
  /** The answer to the options of a sign-in. */
  assert(challenge: string, answering: Answering): Promise<object>;
}

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const HAS_CREDENTIAL = 0x40;

/** Makes an Ed25519 passkey for `challenge`. */
export async function makePasskey(challenge: string, answering: Answering): Promise<SoftPasskey> {
  const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair;
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  const credentialId = crypto.getRandomValues(new Uint8Array(32));
  const id = base64url(credentialId);
  const authenticatorData = (flags: number, { origin, rpId, counter = 0 }: Answering) =>
    Buffer.concat([
      sha256(Buffer.from(rpId ?? new URL(origin).hostname)),
      Buffer.from([flags]),
      bigEndian(counter, 4),
    ]);
  const clientData = (type: string, of: string, { origin }: Answering) =>
    Buffer.from(JSON.stringify({ type, challenge: of, origin, crossOrigin: false }));
  const flagsOf = ({ flags = USER_PRESENT | USER_VERIFIED }: Answering) => flags;

  // COSE: key type OKP, algorithm EdDSA, curve Ed25519, x.
  const coseKey = Buffer.concat([Buffer.from([0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 32]), publicKey]);
  const attested = Buffer.concat([
    authenticatorData(flagsOf(answering) | HAS_CREDENTIAL, answering),
    Buffer.alloc(16),
    bigEndian(credentialId.length, 2),
    credentialId,
    coseKey,
  ]);
  const attestationObject = Buffer.concat([
    Buffer.from([0xa3]),
    cborText('fmt'),
    cborText('none'),
    cborText('attStmt'),
    Buffer.from([0xa0]),
    cborText('authData'),
    Buffer.from([0x59]),
    bigEndian(attested.length, 2),
    attested,
  ]);
  const common = { id, rawId: id, type: 'public-key', clientExtensionResults: {} };
  return {
    id,
    attestation: {
      ...common,
      response: {
        clientDataJSON: base64url(clientData('webauthn.create', challenge, answering)),
        attestationObject: base64url(attestationObject),
        transports: ['internal'],
      },
    },
    async assert(of, at) {
      const data = authenticatorData(flagsOf(at), at);
      const client = clientData('webauthn.get', of, at);
      const signed = Uint8Array.from(Buffer.concat([data, sha256(client)]));
      const signature = new Uint8Array(await crypto.subtle.sign('Ed25519', pair.privateKey, signed));
      return {
        ...common,
        response: {
          clientDataJSON: base64url(client),
          authenticatorData: base64url(data),
          signature: base64url(signature),
        },
      };
    },
  };
}

/** The same answer with one bit of one part turned round. */
export function spoilt(answer: object, part: string): object {
  const { response } = answer as { response: Record<string, string> };
  const bytes = fromBase64url(response[part]!)!;
  bytes[bytes.length - 1]! ^= 1;
  return { ...answer, response: { ...response, [part]: base64url(bytes) } };
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function bigEndian(value: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
}

/** A CBOR text of up to 23 characters. */
function cborText(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x60 + text.length]), Buffer.from(text)]);
}
