#!/usr/bin/env python3
"""Schemathesis over openapi.json against a running vedette with a private database, as each role.

Run by `make test-api-fuzz`. SECONDS_EACH is the time for each role (default: none), EXAMPLES the most examples of an operation
(100), ROLES and PHASES which (all). With OPTIONAL=1 it is skipped where PyPI cannot be reached.
Everything runs in a network namespace of its own, so that addresses of cameras that are made up lead nowhere; where none can
be had (not root), the calls that make vedette open an address are left out.
"""
import atexit, json, os, re, shutil, signal, subprocess, sys, tempfile, time, urllib.request

VERSION = "4.32.5"
root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
venv = os.path.join(root, ".build", "api-fuzz")
schemathesis = os.path.join(venv, "bin", "schemathesis")
# What ends the credentials in use, or never ends by itself.
always_left_out = ["/v1/auth/logout", "/v1/me/password", "/v1/events/stream", "/v1/cameras/{id}/live.mp4"]
opens_addresses = [
    ("POST", "/v1/cameras/probe"), ("POST", "/v1/cameras"), ("PATCH", "/v1/cameras/{id}"),
]

CONFIG = """
[checks.positive_data_acceptance]
# What the schema allows may still make no sense: an end before its beginning, an id that is not there.
expected-statuses = ["2xx", 304, 401, 403, 404, 409, 412, 413, 416, 422, 429, 503]
# A camera that gives no picture now is told with a documented 503.
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", 503]
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 416, 422, 429, 503]
"""


def isolate():
    """Starts over in a namespace of its own, if that is allowed."""
    if os.environ.get("API_FUZZ_ISOLATED"):
        return True
    if os.geteuid() != 0 or subprocess.run(["unshare", "--net", "ip", "link", "set", "lo", "up"]).returncode:
        return False
    script = 'ip link set lo up && exec "$@"'
    os.environ["API_FUZZ_ISOLATED"] = "1"
    os.execvp("unshare", ["unshare", "--net", "sh", "-c", script, "sh", sys.executable, os.path.abspath(__file__), *sys.argv[1:]])


def call(method, url, token, body=None):
    request = urllib.request.Request(
        url, method=method, data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": "Bearer " + token, "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.loads(response.read() or b"{}")


def start(executable, folder):
    """Starts vedette and waits for its address."""
    log = open(folder + "/log", "wb")
    settings = folder + "/vedette.yaml"
    with open(settings, "w") as file:
        file.write(f"listen: 127.0.0.1:0\ndata_dir: {folder}/data\nlog_level: warning\n")
    process = subprocess.Popen([executable, "run", "--config", settings], stdout=log, stderr=log)
    atexit.register(process.terminate)
    for _ in range(3000):
        text = open(folder + "/log", errors="replace").read()
        found = re.search(r"http://127\.0\.0\.1:\d+", text)
        if found:
            return process, found.group(0), open(folder + "/data/admin-token").read().strip()
        if process.poll() is not None:
            sys.exit("vedette ended:\n" + text)
        time.sleep(0.2)
    sys.exit("vedette did not start")


def main():
    executable = sys.argv[1]
    if not os.path.exists(schemathesis):
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        pip = [venv + "/bin/pip", "install", "--quiet", "--retries", "1", "--timeout", "20", "schemathesis==" + VERSION]
        if subprocess.run(pip).returncode:
            problem = "Schemathesis cannot be installed from PyPI"
            if not os.environ.get("OPTIONAL"):
                sys.exit(problem)
            print("SKIPPED:", problem)
            return
    isolated = isolate()
    folder = tempfile.mkdtemp(prefix="vedette-fuzz-", dir="/tmp")
    os.chmod(folder, 0o755)
    atexit.register(lambda: shutil.rmtree(folder, ignore_errors=True))
    process, base, admin = start(executable, folder)
    with open(folder + "/schemathesis.toml", "w") as file:
        file.write(CONFIG)
    cameras = [call("POST", base + "/v1/cameras", admin, {"name": name, "url": f"rtsp://127.0.0.1:1/{name}", "enabled": False})
               for name in ("gate", "yard")]
    failed = []
    for role in os.environ.get("ROLES", "viewer operator administrator").split():
        key = call("POST", base + "/v1/api-keys", admin, {"name": "fuzz " + role, "role": role})
        secret = key.get("key") or key.get("secret")
        command = [
            schemathesis, "--config-file", folder + "/schemathesis.toml", "run", root + "/Sources/API/openapi.json", "--url", base,
            "-H", "Authorization: Bearer " + secret, "--checks", "all",
            # It lets the header of the role stand beside a cookie that it makes up. RouteWalkTests asks every route as nobody.
            "--exclude-checks", "ignored_auth", "--phases", os.environ.get("PHASES", "examples,coverage,fuzzing"),
            "--max-examples", os.environ.get("EXAMPLES", "100"), "--suppress-health-check", "all", "--request-timeout", "60",
            "--continue-on-failure", "--no-color", "--seed", os.environ.get("SEED", "1"), "--max-redirects", "0",
        ]
        if "SECONDS_EACH" in os.environ:
            command += ["--max-time", os.environ["SECONDS_EACH"]]
        for path in always_left_out:
            command += ["--exclude-path", path]
        if role == "administrator":
            # It would revoke its own key.
            command += ["--exclude-path", "/v1/api-keys/{id}"]
        if not isolated:
            for _, path in opens_addresses:
                command += ["--exclude-path", path]
        print(f"== as {role}", flush=True)
        code = subprocess.run(command, cwd=folder).returncode
        if code:
            failed.append(role)
        if process.poll() is not None:
            sys.exit("vedette ended:\n" + open(folder + "/log", errors="replace").read()[-4000:])
        try:
            call("GET", base + "/v1/me", secret)
        except Exception as error:
            sys.exit(f"the key of {role} does not work any more ({error}): what came after it was cut off is not tested")
    log = open(folder + "/log", errors="replace").read()
    errors = [line for line in log.splitlines() if " error " in line]
    print("\n".join(errors[:20]))
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    if failed or errors:
        sys.exit("failed as " + ", ".join(failed) if failed else "the log has errors")


main()
