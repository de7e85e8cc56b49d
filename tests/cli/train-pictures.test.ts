// A folder as a training set: which files are pictures, and whose words are whose.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readPictureFolder } from '../../client/cli/train-pictures.ts';
import { temporaryFolder } from '../worker/fixture.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const put = (name: string, content: string | Uint8Array) => writeFile(join(folder.path, name), content);

beforeAll(async () => {
  folder = await temporaryFolder();
  for (const name of ['2-10 red_apple.PNG', '1 tree.jpeg', '007.png', 'car.webp', 'long.gif', 'latin.jpg'])
    await put(name, 'x');
  await put('1 tree.txt', '\uFEFFa tall\r\n  tree, green\n');
  await put('latin.txt', Uint8Array.of(0x63, 0x61, 0x66, 0xe9));
  await put('car.txt', Uint8Array.of(0xff, 0xfe, 0x61, 0, 0x62, 0));
  await put('long.txt', 'word '.repeat(20_000));
  await put('notes.md', 'no picture');
  await mkdir(join(folder.path, 'folder.png'));
});
afterAll(() => folder.remove());

test('pictures in the order of their names, with the words of their text or of their name', async () => {
  const { pictures, notices } = await readPictureFolder(folder.path);
  expect(pictures.map(({ name, caption }) => [name, caption])).toEqual([
    ['007.png', ''],
    ['1 tree.jpeg', 'a tall tree, green'],
    ['2-10 red_apple.PNG', 'red apple'],
    ['car.webp', 'ab'],
    ['latin.jpg', 'café'],
    ['long.gif', 'long'],
  ]);
  expect(notices).toEqual([
    expect.stringMatching(/long\.txt has 100000 bytes.*the file name is taken instead/),
    expect.stringMatching(/^1 of 6 pictures have no words.*007\.png/),
  ]);
});

test('a folder that is not there is told, with its path', async () => {
  const path = join(folder.path, 'nowhere');
  await expect(readPictureFolder(path)).rejects.toThrow(/folder of pictures cannot be read.*ENOENT/);
});
