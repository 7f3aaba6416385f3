"""docker-py, dockerode and curl, calling what the clients call that are written with them, under their presets."""

import contextlib
import json
import pathlib
import subprocess

import docker as docker_py
import pytest

from harness.packages import find_program, lacking

NODE = pathlib.Path(__file__).resolve().parents[1] / "system" / "dockerode"


def test_docker_py_as_loggifly_uses_it(under, container):
    name = container("sh", "-c", "while true; do echo word; sleep 0.2; done")
    with contextlib.closing(docker_py.DockerClient(under("preset = loggifly").address, version="auto")) as client:
        assert client.ping() and name in [one.name for one in client.containers.list()]
        box = client.containers.get(name)
        assert next(iter(box.logs(stream=True, follow=True))) == b"word\n"
        for forbidden in (box.stop, box.restart, box.kill, box.remove, client.info, client.images.list):
            with pytest.raises(docker_py.errors.APIError) as error:
                forbidden()
            assert error.value.status_code == 403 and "sockwarden: " in error.value.explanation
    with contextlib.closing(docker_py.DockerClient(under("preset = loggifly +actions").address)) as client:
        client.containers.get(name).restart(timeout=0)


# Each is a client's calls in its own order, then a call that it has no business with.
DASHBOARDS = {
    "homepage": ("preset = homepage +stats", """
        const all = await docker.listContainers({ all: true });
        const box = docker.getContainer(name);
        const state = (await box.inspect()).State.Status;
        const stats = await box.stats({ stream: false });
        done = all.length > 0 && state === 'running' && stats.read !== undefined;""",
                 ["box.logs({ stdout: true })", "box.restart()", "docker.listImages()"]),
    "homarr": ("preset = homarr +actions", """
        const all = await docker.listContainers({ all: true });
        const box = docker.getContainer(name);
        const stats = await box.stats({ stream: false, 'one-shot': true });
        await box.restart({ t: 0 });
        done = all.length > 0 && stats.read !== undefined && (await box.inspect()).State.Running;""",
               ["box.logs({ stdout: true })", "box.kill()", "box.exec({ Cmd: ['x'] })"]),
    "wud": ("preset = wud", """
        const all = await docker.listContainers();
        const box = docker.getContainer(name);
        const image = await docker.getImage((await box.inspect()).Image).inspect();
        (await docker.getEvents({ filters: { type: ['container'] } })).destroy();
        done = all.length > 0 && image.RepoTags.length > 0;""",
            ["docker.pull('alpine')", "box.stop()", "docker.createContainer({ Image: 'box:1' })"]),
}


@pytest.mark.parametrize("client", DASHBOARDS)
def test_dockerode_as_dashboards_use_it(under, container, client):
    node = find_program("node")
    if not (NODE / "node_modules" / "dockerode").is_dir():
        lacking("dockerode")
    lines, calls, forbidden = DASHBOARDS[client]
    script = """
        const docker = new (require('dockerode'))(); const name = process.argv[1]; let done = false;
        (async () => { %s
            const refused = [];
            for (const call of [%s]) refused.push(await call().then(() => 200, (error) => error.statusCode));
            console.log(JSON.stringify({ done, refused })); process.exit(0); })();
    """ % (calls, ", ".join(f"() => {call}" for call in forbidden))
    done = subprocess.run([node, "-e", script, container()], cwd=NODE, capture_output=True, text=True, timeout=40,
                          check=False, env={"PATH": "/usr/bin:/bin", "DOCKER_HOST": under(lines).address})
    assert done.returncode == 0 and done.stdout, done.stderr
    assert json.loads(done.stdout) == {"done": True, "refused": [403] * len(forbidden)}


def curl(proxy, *arguments):
    """The status, and the body."""
    done = subprocess.run(["curl", "-s", "-g", "-w", "\n%{http_code}", "--unix-socket", proxy.unix, *arguments],
                          capture_output=True, text=True, timeout=40, check=True)
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body


def test_curl_as_autoheal_uses_it(under, container):
    name = container()
    proxy = under("preset = autoheal")
    status, body = curl(proxy, 'http://localhost/containers/json?filters={"name":["%s"],"status":["running"]}' % name)
    assert status == 200 and json.loads(body)[0]["Names"] == [f"/{name}"]
    assert curl(proxy, "-X", "POST", f"http://localhost/containers/{name}/restart?t=0")[0] == 204
    for method, path in (("POST", "stop"), ("POST", "kill"), ("GET", "json"), ("GET", "logs?stdout=1")):
        assert curl(proxy, "-X", method, f"http://localhost/containers/{name}/{path}")[0] == 403


def test_curl_as_acme_companion_uses_it(under, container):
    name = container("sh", "-c", "trap 'echo reloaded' HUP; while true; do sleep 0.1; done")
    proxy = under("preset = acme-companion")
    assert curl(proxy, "http://localhost/containers/json")[0] == 200
    assert curl(proxy, f"http://localhost/containers/{name}/json")[0] == 200
    assert curl(proxy, "-X", "POST", f"http://localhost/containers/{name}/kill?signal=SIGHUP")[0] == 204
    for query in ("", "?signal=SIGKILL", "?signal=9", "?signal=TERM", "?signal=SIGHUP&signal=SIGKILL"):
        assert curl(proxy, "-X", "POST", f"http://localhost/containers/{name}/kill{query}")[0] == 403
    assert json.loads(curl(proxy, f"http://localhost/containers/{name}/json")[1])["State"]["Running"]
