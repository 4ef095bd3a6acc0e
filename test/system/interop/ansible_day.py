"""Plays ansible_day.yml: what it makes, the same again, what it takes away, the same again.

test/system/interop/main.ts starts the simulator and runs this with the connection as JSON and an empty home folder. Each task
prints one line: `pass<TAB>step` or `fail<TAB>step<TAB>why`. Again, a task passes when it changes nothing.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

connection, home = json.loads(sys.argv[1]), sys.argv[2]
folder = Path(sys.executable).parent

environment = {
    "HOME": home,
    "PATH": f"{folder}:{os.environ['PATH']}",
    "LC_ALL": "C.UTF-8",
    "CLOUDSTACK_ENDPOINT": connection["url"],
    "CLOUDSTACK_KEY": connection["apiKey"],
    "CLOUDSTACK_SECRET": connection["secretKey"],
    "CLOUDSTACK_TIMEOUT": "60",
    "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
    "ANSIBLE_LOCALHOST_WARNING": "false",
    # A module comes to its Python on standard input: no files, and no shells that make, fill and remove them.
    "ANSIBLE_PIPELINING": "true",
    "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
    "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
}


def play(state, again):
    done = subprocess.run(
        ["ansible-playbook", str(Path(__file__).with_suffix(".yml")), "-e", f"state={state}"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
    )
    start = done.stdout.find("{")
    if start < 0:
        print(f"fail\tthe playbook is played\t{' '.join((done.stdout + done.stderr).split())}", flush=True)
        return
    for each in json.loads(done.stdout[start:])["plays"][0]["tasks"]:
        name, result = each["task"]["name"], each["hosts"]["localhost"]
        if result.get("skipped"):
            continue
        step = f"{name}, again: nothing changes" if again else name
        if result.get("failed"):
            why = " ".join(str(result.get("msg", result)).split())
            print(f"fail\t{step}\t{why}", flush=True)
        elif again and result.get("changed"):
            print(f"fail\t{step}\tchanged: {json.dumps(result.get('diff'))}", flush=True)
        else:
            print(f"pass\t{step}", flush=True)


def check_export():
    kinds = ["vpc", "acl", "network", "affinity-group", "security-group", "ssh-key-pair", "virtual-machine", "volume"]
    rules = ["address", "firewall-rule", "egress-rule", "port-forwarding-rule", "load-balancer-rule"]
    exported = subprocess.run(
        ["node", "dist/main.js", "export", "--as", "ansible", *kinds, *rules],
        env={
            **environment,
            "CLOUDSTACK_API_URL": connection["url"],
            "CLOUDSTACK_API_KEY": connection["apiKey"],
            "CLOUDSTACK_SECRET_KEY": connection["secretKey"],
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    playbook = Path(home) / "exported.yml"
    playbook.write_text(exported.stdout)
    checked = subprocess.run(
        ["ansible-playbook", "--syntax-check", str(playbook)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    step = "Ansible reads what is exported of the whole cloud"
    if exported.returncode or checked.returncode:
        print(f"fail\t{step}\t{' '.join((exported.stderr + checked.stdout + checked.stderr).split())}", flush=True)
    else:
        print(f"pass\t{step}", flush=True)


check_export()
for state in ("present", "absent"):
    for again in (False, True):
        play(state, again)
