import { ask, AskError } from './ask.ts';

/** What the server asks a passkey. */
interface PasskeyAsked {
  challenge: string;
  /** The host name of this page; undefined where passkeys cannot be used. */
  site?: string;
  /** The person's own passkeys on this page. */
  ids: string[];
  name: string;
}

const algorithms = [-7, -8, -257];
const timeout = 110_000;

const toBytes = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
const toText = (bytes: ArrayBuffer): string =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

const toCredentials = (ids: readonly string[]): PublicKeyCredentialDescriptor[] =>
  ids.map((id) => ({ type: 'public-key', id: toBytes(id) }));

/** What the browser could not do, or its user did not want. */
const notDone = (error: unknown): AskError =>
  error instanceof AskError
    ? error
    : new AskError({ message: 'No passkey answered.', hint: 'Try again, and confirm it on your device.' });

/** Has one of the person's passkeys sign what the server asks. Throws an AskError. */
export const signWithPasskey = async (question: { code: string } | { change: 'any' }): Promise<object> => {
  const { challenge, ids } = await ask<PasskeyAsked>('passkey-ask', question);
  if (!ids.length)
    throw new AskError({ message: 'You have no passkey here.', hint: 'Add one under You, then try again.' });
  try {
    const found = (await navigator.credentials.get({
      publicKey: {
        challenge: toBytes(challenge),
        allowCredentials: toCredentials(ids),
        userVerification: 'required',
        timeout,
      },
    })) as PublicKeyCredential;
    const { clientDataJSON, authenticatorData, signature } = found.response as AuthenticatorAssertionResponse;
    return {
      id: found.id,
      clientData: toText(clientDataJSON),
      authenticatorData: toText(authenticatorData),
      signature: toText(signature),
    };
  } catch (error) {
    throw notDone(error);
  }
};

const createPasskey = async ({ challenge, ids, name }: PasskeyAsked): Promise<object> => {
  try {
    const made = (await navigator.credentials.create({
      publicKey: {
        challenge: toBytes(challenge),
        rp: { name: 'CloudStack' },
        user: { id: new TextEncoder().encode(name).slice(0, 64), name, displayName: name },
        pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
        excludeCredentials: toCredentials(ids),
        authenticatorSelection: { userVerification: 'required' },
        timeout,
      },
    })) as PublicKeyCredential;
    const response = made.response as AuthenticatorAttestationResponse;
    return {
      id: made.id,
      clientData: toText(response.clientDataJSON),
      authenticatorData: toText(response.getAuthenticatorData()),
      publicKey: toText(response.getPublicKey()!),
      algorithm: response.getPublicKeyAlgorithm(),
    };
  } catch (error) {
    throw notDone(error);
  }
};

/** Adds a passkey; where the person has some, one of them agrees. Throws an AskError. */
export const addPasskey = async (): Promise<void> => {
  const asked = await ask<PasskeyAsked>('passkey-ask', { change: 'add' });
  const proof = asked.ids.length ? { proof: await signWithPasskey({ change: 'any' }) } : {};
  await ask('passkey-change', { added: await createPasskey(asked), ...proof });
};

/** Removes a passkey, with the agreement of one of them. Throws an AskError. */
export const removePasskey = async (id: string): Promise<void> => {
  await ask('passkey-change', { removed: id, proof: await signWithPasskey({ change: 'any' }) });
};
