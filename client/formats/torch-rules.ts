// What a torch pickle may name: the allow-list, and the plain values that the names stand for here.
import type { DType } from '../tensor/tensor.ts';
import { DTYPE_BYTES, elementCount } from '../tensor/tensor.ts';
import { FormatError } from './errors.ts';
import type { PickleRules } from './pickle.ts';
import {
  PickledGlobal,
  PickledStorage,
  PickledTensor,
  type PickleValue,
  type Storage,
} from './pickle-value.ts';
import { MAX_AXES } from './safetensors.ts';

/** torch's storage classes. */
const STORAGE_DTYPES: ReadonlyMap<string, DType> = new Map([
  ['torch.DoubleStorage', 'F64'],
  ['torch.FloatStorage', 'F32'],
  ['torch.HalfStorage', 'F16'],
  ['torch.BFloat16Storage', 'BF16'],
  ['torch.LongStorage', 'I64'],
  ['torch.IntStorage', 'I32'],
  ['torch.ShortStorage', 'I16'],
  ['torch.CharStorage', 'I8'],
  ['torch.ByteStorage', 'U8'],
  ['torch.BoolStorage', 'BOOL'],
]);

type Builder = (args: readonly PickleValue[], where: string) => PickleValue;

const refuseObject: Builder = (_args, where) => {
  throw new FormatError('refused', 'the pickle makes an object of a class that is only a name here', {
    where,
  });
};

const refuseCall: Builder = (_args, where) => {
  throw new FormatError('refused', 'the pickle calls a storage class', { where });
};

/** Stands for objects that trainers leave beside the weights; it holds nothing and means nothing. */
const INERT: PickleValue = 'an object that was left unread';
const passOver: Builder = () => INERT;

/**
 * The allow-list. `set` is here because the state of PyTorch's ParameterDict holds an empty one: it is accepted
 * empty and nothing else. `Parameter` and `ParameterDict` are a tensor and a dictionary to us.
 */
const BUILDERS: ReadonlyMap<string, Builder> = new Map<string, Builder>([
  ['collections.OrderedDict', buildDictionary],
  ['torch._utils._rebuild_tensor_v2', rebuildTensor],
  ['torch._utils._rebuild_parameter', rebuildParameter],
  ['torch.nn.parameter.Parameter', rebuildParameter],
  ['torch.nn.modules.container.ParameterDict', buildDictionary],
  ['__builtin__.set', buildEmptySet],
  ['builtins.set', buildEmptySet],
  // Lightning keeps its callbacks' best scores beside the weights, as scalars of NumPy.
  ['pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint', refuseObject],
  ['numpy.core.multiarray.scalar', passOver],
  ['numpy._core.multiarray.scalar', passOver],
  ['numpy.dtype', passOver],
  ['_codecs.encode', passOver],
  ...[...STORAGE_DTYPES.keys()].map((name): [string, Builder] => [name, refuseCall]),
]);

/** A torch pickle's rules, and the storages that its tensors turned out to use. */
export interface TorchRules {
  readonly rules: PickleRules;
  readonly storages: Map<string, Storage>;
}

/** Rules for the main pickle of a torch file. */
export function torchRules(where: string): TorchRules {
  const storages = new Map<string, Storage>();
  const persistent = (id: PickleValue, place: string) => resolveStorage(storages, id, place);
  return { rules: { where, globals: BUILDERS, build: setState, persistent }, storages };
}

/** Rules for pickles that hold numbers and text only. */
export function plainRules(where: string): PickleRules {
  const refuse = (_value: PickleValue, place: string): never => {
    throw new FormatError('refused', 'the pickle holds a tensor where plain values belong', { where: place });
  };
  return {
    where,
    globals: new Map(),
    build: (target, _state, place) => refuse(target, place),
    persistent: refuse,
  };
}

function buildDictionary(args: readonly PickleValue[], where: string): PickleValue {
  const [pairs = []] = args;
  if (args.length > 1 || !Array.isArray(pairs)) throw wrong(where, 'the arguments of OrderedDict');
  const map = new Map<PickleValue, PickleValue>();
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) throw wrong(where, 'the arguments of OrderedDict');
    map.set(pair[0]!, pair[1]!);
  }
  return map;
}

function buildEmptySet(args: readonly PickleValue[], where: string): PickleValue {
  const [items = []] = args;
  if (args.length > 1 || !Array.isArray(items) || items.length > 0)
    throw wrong(where, 'a set that is not empty');
  return [];
}

function rebuildParameter(args: readonly PickleValue[], where: string): PickleValue {
  const [data] = args;
  if (!(data instanceof PickledTensor)) throw wrong(where, 'a parameter without a tensor');
  return data;
}

/** `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks, …)`. */
function rebuildTensor(args: readonly PickleValue[], where: string): PickleValue {
  const [view, offset, shape, strides] = args;
  if (!(view instanceof PickledStorage) || !isSize(offset) || !isSizes(shape) || !isSizes(strides)) {
    throw wrong(where, 'the arguments of a tensor');
  }
  if (shape.length !== strides.length || shape.length > MAX_AXES)
    throw wrong(where, "a tensor's shape and strides");
  const count = elementCount(shape);
  let last = offset;
  if (count > 0) for (const [axis, length] of shape.entries()) last += (length - 1) * strides[axis]!;
  // The second bound forbids a few stored bytes to be expanded into a huge tensor by strides of zero.
  if ((count > 0 && last >= view.elements) || count > view.elements || offset > view.elements) {
    throw new FormatError('invalid', 'a tensor reaches outside its storage', {
      where,
      expected: `at most ${view.elements} elements`,
      found: `${count} elements of shape [${shape.join(', ')}], the last at ${last}`,
    });
  }
  return new PickledTensor(view.storage, view.offset + offset, shape, strides);
}

/** BUILD: an OrderedDict's attributes are ignored; a ParameterDict's parameters become the dictionary's items. */
function setState(target: PickleValue, state: PickleValue, where: string): void {
  if (target === INERT) return;
  if (!(target instanceof Map) || !(state instanceof Map))
    throw wrong(where, 'the state of something unknown');
  const parameters = state.get('_parameters');
  if (parameters === undefined) return;
  if (!(parameters instanceof Map)) throw wrong(where, 'the parameters of a ParameterDict');
  for (const [key, value] of parameters) target.set(key, value);
}

/** `('storage', class, key, device, elements)`, in the older container with `(key, offset, elements)` or None behind. */
function resolveStorage(storages: Map<string, Storage>, id: PickleValue, where: string): PickledStorage {
  if (!Array.isArray(id) || id.length < 5 || id[0] !== 'storage') throw wrong(where, 'a persistent id');
  const [, type, key, , elements, viewFacts = null] = id;
  const dtype = type instanceof PickledGlobal ? STORAGE_DTYPES.get(type.name) : undefined;
  if (dtype === undefined) throw wrong(where, 'the class of a storage');
  if (typeof key !== 'string' || !isSize(elements)) throw wrong(where, 'the name or size of a storage');
  const known = storages.get(key);
  if (known !== undefined && (known.dtype !== dtype || known.elements !== elements)) {
    throw wrong(where, `storage ${key}, which was described otherwise before`);
  }
  const storage = known ?? { key, dtype, elements };
  storages.set(key, storage);
  if (viewFacts === null) return new PickledStorage(storage, 0, elements);
  if (!Array.isArray(viewFacts)) throw wrong(where, 'the view of a storage');
  const [, viewOffset, viewElements] = viewFacts;
  if (!isSize(viewOffset) || !isSize(viewElements) || viewOffset + viewElements > elements) {
    throw wrong(where, 'the view of a storage');
  }
  return new PickledStorage(storage, viewOffset, viewElements);
}

/** Bytes of a storage; throws unless `available` bytes hold it. */
export function storageBytes(storage: Storage, available: number, where: string): number {
  const bytes = storage.elements * DTYPE_BYTES[storage.dtype];
  if (bytes <= available) return bytes;
  throw new FormatError('truncated', `storage ${storage.key} is larger than its bytes`, {
    where,
    expected: `${bytes} bytes for ${storage.elements} elements of ${storage.dtype}`,
    found: `${available}`,
  });
}

function isSize(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isSizes(value: PickleValue | undefined): value is number[] {
  return Array.isArray(value) && value.every(isSize);
}

function wrong(where: string, what: string): FormatError {
  return new FormatError('invalid', `torch would not have written ${what}`, { where });
}
