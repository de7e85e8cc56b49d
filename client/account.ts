// What programs use of a registry's accounts: a part of the library that starts without the engine's parts.
export {
  type Account,
  createAccount,
  type DeviceRequest,
  type KeyFacts,
  type MadeToken,
  type Me,
  type PasskeyFacts,
  type TokenFacts,
} from './registry/account.ts';
export { RegistryError } from './registry/error.ts';
