'use strict';
// Usage: node client.js SCENARIO JSON. DOCKER_HOST names the proxy; prints one JSON value, or fails with a stack.

const Docker = require('dockerode');
const { PassThrough } = require('stream');
const { setTimeout: pause } = require('timers/promises');

const docker = new Docker();
const [scenario, options] = [process.argv[2], JSON.parse(process.argv[3] || '{}')];

// Gathers a stream; `holds(text)` resolves as soon as the text is there, `end` when the stream has ended.
function gather(stream) {
  const gathered = { text: '' };
  const waiting = [];
  stream.on('data', (data) => {
    gathered.text += data.toString();
    waiting.filter((one) => gathered.text.includes(one.text)).forEach((one) => one.resolve());
  });
  gathered.holds = (text) => gathered.text.includes(text) ? Promise.resolve() :
    new Promise((resolve) => waiting.push({ text, resolve }));
  gathered.end = new Promise((resolve) => ['end', 'close'].forEach((event) => stream.once(event, resolve)));
  return gathered;
}

function demultiplexed(stream) {
  const [out, err] = [new PassThrough(), new PassThrough()];
  docker.modem.demuxStream(stream, out, err);
  stream.on('end', () => out.end());
  return gather(out);
}

async function threeEchoes(stream, seen) {
  for (const word of ['one', 'two', 'three']) {
    stream.write(`${word}\n`);
    await seen.holds(`${word}\n`);
    await pause(300);
  }
  stream.end();
  await seen.end;
  return seen.text;
}

const scenarios = {
  async list() {
    const [containers, images, version, info] = await Promise.all([docker.listContainers({ all: true }),
      docker.listImages(), docker.version(), docker.info()]);
    await docker.ping();
    return { names: containers.map((one) => one.Names[0]), tags: images.flatMap((one) => one.RepoTags || []),
      api: version.ApiVersion, id: info.ID };
  },

  async run() {
    const out = new PassThrough();
    const seen = gather(out);
    const [result, container] = await docker.run(options.image, ['sh', '-c', 'echo hello; exit 3'], out, { Tty: true });
    await container.remove();
    return { status: result.StatusCode, output: seen.text };
  },

  async attach() {
    const container = docker.getContainer(options.container);
    const stream = await container.attach({ stream: true, hijack: true, stdin: true, stdout: true, stderr: true });
    const seen = demultiplexed(stream);
    await container.start();
    const text = await threeEchoes(stream, seen);
    const { StatusCode } = await container.wait();
    return { text, status: StatusCode };
  },

  async exec() {
    const exec = await docker.getContainer(options.container).exec({ Cmd: ['sh', '-c', 'cat; exit 6'],
      AttachStdin: true, AttachStdout: true, AttachStderr: true });
    const stream = await exec.start({ hijack: true, stdin: true });
    const text = await threeEchoes(stream, demultiplexed(stream));
    return { text, status: (await exec.inspect()).ExitCode };
  },

  async execWithoutStdin() {
    const exec = await docker.getContainer(options.container).exec({ Cmd: ['sh', '-c', 'sleep 1; echo late'],
      AttachStdout: true, AttachStderr: true });
    const seen = demultiplexed(await exec.start({}));
    await seen.end;
    return seen.text;
  },

  async logs() {
    const container = docker.getContainer(options.container);
    const seen = demultiplexed(await container.logs({ follow: true, stdout: true, stderr: true }));
    await seen.holds('first\n');
    await container.kill({ signal: 'USR1' });
    await seen.holds('second\n');
    await container.kill();
    await seen.end;
    return seen.text;
  },

  async events() {
    const stream = await docker.getEvents({ filters: { container: [options.container], event: ['start', 'die'] } });
    const seen = gather(stream);
    const container = docker.getContainer(options.container);
    await container.start();
    await seen.holds('"status":"start"');
    await container.kill();
    await seen.holds('"status":"die"');
    stream.destroy();
    return seen.text.trim().split('\n').map((line) => JSON.parse(line).status);
  },

  async stats() {
    const container = docker.getContainer(options.container);
    const once = await container.stats({ stream: false });
    const stream = await container.stats({ stream: true });
    const seen = gather(stream);
    while (seen.text.split('\n').length < 3) {
      await pause(50);
    }
    stream.destroy();
    return [once, ...seen.text.split('\n').slice(0, 2).map(JSON.parse)].map((one) => one.name);
  },

  async build() {
    const stream = await docker.buildImage({ context: options.folder, src: ['Dockerfile', 'data'] },
      { t: options.tag, networkmode: 'none' });
    const steps = await new Promise((resolve, reject) => docker.modem.followProgress(stream,
      (error, output) => error ? reject(error) : resolve(output)));
    return steps.map((one) => one.stream || '').join('');
  },

  async archive() {
    const container = docker.getContainer(options.container);
    const archive = await container.getArchive({ path: '/bin/busybox' });
    let size = 0;
    for await (const data of archive) {
      size += data.length;
    }
    return size;
  },

  async missing() {
    return docker.getContainer('never-made').inspect().then(() => null,
      (error) => ({ status: error.statusCode, message: error.json.message }));
  },
};

scenarios[scenario]().then((value) => {
  process.stdout.write(JSON.stringify(value));
  process.exit(0);
}, (error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
