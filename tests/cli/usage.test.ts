// Help and wrong usage: streams and exit codes, and that a process gives the same ones.
import { describe, expect, test } from 'vitest';
import { finish, start, tincture } from './run.ts';

describe('usage', () => {
  test('no command: the list on stderr, exit code 2', async () => {
    const { code, stdout, stderr } = await tincture();
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(
      /inspect.*convert.*merge.*apply.*generate.*grid.*new.*build.*check.*test.*preview.*pack.*watch.*login.*logout.*whoami.*token.*admin/s,
    );
  });

  test('--help for all and for each, on stdout', async () => {
    expect(await tincture('--help')).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining('Usage: tincture COMMAND'),
    });
    for (const command of [
      'inspect',
      'convert',
      'merge',
      'apply',
      'generate',
      'grid',
      'new',
      'build',
      'check',
      'test',
      'preview',
      'pack',
      'watch',
      'search',
      'pull',
      'publish',
      'yank',
      'owner',
      'login',
      'logout',
      'whoami',
      'token',
      'admin',
    ]) {
      const { code, stdout } = await tincture(command, '--help');
      expect([code, stdout.split('\n', 1)[0]]).toEqual([
        0,
        expect.stringContaining(`Usage: tincture ${command} `),
      ]);
    }
  });

  test.each([
    [['--help']],
    [['draw']],
    [['inspect', 'tests/golden/sd-tiny/style-a.pt']],
    [['inspect', 'nowhere.pt']],
  ])('a process gives the same: %j', async (args) => {
    expect(await finish(start(...args))).toEqual(await tincture(...args));
  });

  test('a reader that closes the pipe early is no error', async () => {
    const child = start('--help');
    child.stdout!.destroy();
    expect(await new Promise((resolve) => child.on('exit', resolve))).toBe(0);
  });

  test.each<[string[], RegExp]>([
    [['draw'], /no command "draw"/],
    [['login', '--registry', 'ftp://a.example'], /not the address of a registry/],
    [['token', 'create', '--name', 'x', '--scope', 'all'], /no scope "all"; there are publish, yank, admin/],
    [['admin', 'first', 'ada', '--registry', 'https://a.example'], /--secret-file is missing/],
    [['inspect'], /one file/],
    [['inspect', '--colour', 'x'], /'--colour'/],
    [['convert', 'a.pt'], /two files/],
    [['convert', 'a.pt', 'b.onnx'], /\.safetensors or \.pt, not "b\.onnx"/],
    [['merge', 'a.pt', '--output', 'b.pt'], /two files at least/],
    [['merge', 'a.pt:0.5', 'b.pt', '--output', 'c.pt'], /all files or none: b\.pt has none/],
    [['apply', '--input', 'a', '--output', 'b'], /one style at least/],
    [['apply', 'a.pt', '--output', 'b'], /--input is missing/],
    [['apply', 'a.pt:1000', '--input', 'a', '--output', 'b'], /from -100 to 100, not "1000"/],
    [['apply', 'a.pt:', '--input', 'a', '--output', 'b'], /"a\.pt:" is no style/],
    [['generate', '--output', 'a.png'], /one prompt/],
    [['generate', 'a', 'b', '--output', 'a.png'], /quotation marks/],
    [['generate', 'a'], /--output is missing/],
    [['generate', 'a', '--output', 'a.png', '--seed=-1'], /0 to 2\^64-1, not "-1"/],
    [['generate', 'a', '--output', 'a.png', '--seed', '18446744073709551616'], /--seed/],
    [['generate', 'a', '--output', 'a.png', '--steps', '0'], /--steps must be a number from 1 to 1000/],
    [['generate', 'a', '--output', 'a.png', '--steps', '2.5'], /whole number, not 2\.5/],
    [['generate', 'a', '--output', 'a.png', '--width', '0x40'], /--width/],
    [['generate', 'a', '--output', 'a.png', '--guidance', 'NaN'], /--guidance/],
    [['generate', 'a', '--output', 'a.png', '--backend', 'cuda'], /webgpu or wasm, not "cuda"/],
  ])('%j exits with 2 and says why', async (args, message) => {
    const { code, stdout, stderr } = await tincture(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^error: /);
  });
});
