"""A day in the life with `cs`, the Python CloudStack client, used as its own README shows.

test/system/interop/main.ts starts the simulator and runs this with the connection as JSON and an empty home folder. Each step
prints one line: `pass<TAB>step` or `fail<TAB>step<TAB>why`.
"""

import asyncio
import base64
import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from cs import AIOCloudStack, CloudStack, CloudStackApiException, CloudStackException, read_config

connection = json.loads(sys.argv[1])
endpoint, key, secret = connection["url"], connection["apiKey"], connection["secretKey"]
polling = {"poll_interval": 0.1}
unknown = "00000000-0000-4000-8000-000000000000"


@contextlib.contextmanager
def step(name):
    try:
        yield
    except Exception as error:  # A failed step is a line, not the end of the day.
        why = " ".join(str(error).split()) or "no reason"
        print(f"fail\t{name}\t{type(error).__name__}: {why}", flush=True)
    else:
        print(f"pass\t{name}", flush=True)


def equal(found, expected):
    assert found == expected, f"expected {expected!r}, got {found!r}"


def names(rows):
    return [row["name"] for row in rows]


@contextlib.contextmanager
def refused(status, text, cserrorcode=None):
    """What the client makes of an error: its own exception, with CloudStack's answer inside."""
    try:
        yield
    except CloudStackApiException as error:
        equal(error.response.status_code, status)
        equal(error.error["errorcode"], status)
        assert text in error.error["errortext"], error.error["errortext"]
        if cserrorcode:
            equal(error.error["cserrorcode"], cserrorcode)
        return
    raise AssertionError("CloudStackApiException was expected")


@contextlib.contextmanager
def job_failed(code, text):
    try:
        yield
    except CloudStackApiException as error:
        equal(error.args[0], "Job failure")
        equal(error.error["errorcode"], code)
        assert text in error.error["errortext"], error.error["errortext"]
        return
    raise AssertionError("CloudStackApiException was expected")


@contextlib.contextmanager
def settings(**values):
    """Environment variables, for as long as the block lasts; no other CLOUDSTACK_ variable is set meanwhile."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("CLOUDSTACK_")]:
        del os.environ[name]
    os.environ.update({name: str(value) for name, value in values.items()})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


home = Path(sys.argv[2])
os.environ["HOME"] = str(home)
os.chdir(home)


def command_line(*arguments):
    """Runs the `cs` that pip installed beside this Python, from the home folder."""
    program = Path(sys.executable).with_name("cs")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=120)


def answer(*arguments):
    run = command_line(*arguments)
    equal(run.returncode, 0)
    return json.loads(run.stdout)


cs = CloudStack(endpoint=endpoint, key=key, secret=secret, **polling)


def job_result(jobid):
    """Waits as a script does that has only the job's id."""
    for _ in range(600):
        job = cs.queryAsyncJobResult(jobid=jobid)
        if job["jobstatus"]:
            equal(job["jobstatus"], 1)
            return job["jobresult"]
        time.sleep(0.1)
    raise AssertionError("the job did not end")


# Logging in: as a library, from the environment, from each of the places for a cloudstack.ini.

with step("library: keys, listCapabilities"):
    assert cs.listCapabilities()["capability"]["cloudstackversion"].startswith("4.")

with step("library: POST instead of GET"):
    assert CloudStack(endpoint=endpoint, key=key, secret=secret, method="post").listZones()["count"] >= 1

with step("library: no expiry of the signature"):
    assert CloudStack(endpoint=endpoint, key=key, secret=secret, expiration=-1).listZones()["count"] >= 1

with step("read_config: CLOUDSTACK_ENDPOINT, CLOUDSTACK_KEY, CLOUDSTACK_SECRET"):
    with settings(CLOUDSTACK_ENDPOINT=endpoint, CLOUDSTACK_KEY=key, CLOUDSTACK_SECRET=secret, CLOUDSTACK_METHOD="post"):
        assert CloudStack(**read_config()).listZones()["count"] >= 1
        assert answer("listZones")["count"] >= 1

ini = f"[cloudstack]\nendpoint = {endpoint}\nkey = {key}\nsecret = {secret}\npoll_interval = 0.1\n"
region = f"\n[region-example]\nendpoint = {endpoint}\nkey = {key}\nsecret = {secret}\nmethod = post\n"

with step("read_config: CLOUDSTACK_CONFIG names an .ini file"):
    (home / "elsewhere.ini").write_text(ini)
    with settings(CLOUDSTACK_CONFIG=home / "elsewhere.ini"):
        assert CloudStack(**read_config()).listZones()["count"] >= 1

with step("read_config: cloudstack.ini in the working directory"):
    (home / "cloudstack.ini").write_text(ini)
    assert CloudStack(**read_config()).listZones()["count"] >= 1
    (home / "cloudstack.ini").unlink()

with step("cs listZones: .cloudstack.ini in the home directory"):
    (home / ".cloudstack.ini").write_text(ini + region)
    assert answer("listZones")["count"] >= 1

with step("cs --region: another section of the file"):
    assert answer("listZones", "--region=region-example")["count"] >= 1

with step("cs --post, --trace, --quiet"):
    run = command_line("--post", "--trace", "--quiet", "listZones")
    equal(run.returncode, 0)
    assert run.stderr.startswith("POST "), run.stderr[:80]

# Looking round.

with step("list: a zone by its name, by a keyword, by a name that is none"):
    zone = cs.listZones(fetch_list=True)[0]
    equal(names(cs.listZones(name=zone["name"])["zone"]), [zone["name"]])
    assert zone["name"] in names(cs.listZones(keyword=zone["name"][1:5].upper())["zone"])
    equal(cs.listZones(name="nowhere"), {})

with step("list: templates and offerings to build from"):
    template = cs.listTemplates(templatefilter="featured", zoneid=zone["id"])["template"][0]
    offering = cs.listServiceOfferings(name="Small Instance")["serviceoffering"][0]
    disk = cs.listDiskOfferings(name="Small", fetch_list=True)[0]
    networking = cs.listNetworkOfferings(name="DefaultIsolatedNetworkOfferingWithSourceNatService")["networkoffering"][0]
    equal(template["isready"], True)

with step("fetch_list: more machines than a page holds"):
    machines = cs.listVirtualMachines(listall=True, fetch_list=True)
    assert len(machines) > 500, len(machines)
    equal(len({machine["id"] for machine in machines}), len(machines))
    equal(cs.listVirtualMachines(listall=True)["count"], len(machines))

with step("fetch_list: small pages, and a list with nothing in it"):
    equal(len(cs.listServiceOfferings(fetch_list=True, pagesize=1)), cs.listServiceOfferings()["count"])
    equal(cs.listVirtualMachines(fetch_list=True, name="nobody"), [])

with step("list: one page, and a page past the end"):
    equal(len(cs.listVirtualMachines(listall=True, page=2, pagesize=7)["virtualmachine"]), 7)
    past = cs.listVirtualMachines(listall=True, page=10_000, pagesize=7)
    equal(list(past), ["count"])

with step("cs listVirtualMachines fetch_list=true"):
    equal(len(answer("listVirtualMachines", "listall=true", "fetch_list=true")), len(machines))

# Building, synchronously.

with step("createNetwork"):
    network = cs.createNetwork(
        zoneid=zone["id"], name="day", displaytext="a day", networkofferingid=networking["id"]
    )["network"]
    equal(network["state"], "Allocated")

machine = {"zoneid": zone["id"], "serviceofferingid": offering["id"], "templateid": template["id"]}

with step("deployVirtualMachine: a job that is asked for later"):
    stub = cs.deployVirtualMachine(name="web1", displayname="Größe ~1 (*) & more+", networkids=[network["id"]], **machine)
    web1 = stub["id"]
    done = job_result(stub["jobid"])["virtualmachine"]
    equal((done["id"], done["state"], done["name"]), (web1, "Running", "web1"))

with step("list: what was written comes back, whatever its letters"):
    row = cs.listVirtualMachines(id=web1)["virtualmachine"][0]
    equal(row["displayname"], "Größe ~1 (*) & more+")
    equal(names(cs.listVirtualMachines(keyword="größe ~1")["virtualmachine"]), ["web1"])
    equal(row["nic"][0]["networkid"], network["id"])

with step("cs deployVirtualMachine: the command line waits for the job"):
    options = [f"{name}={value}" for name, value in machine.items()]
    deployed = answer("deployVirtualMachine", "name=web2", 'displayname="web two"', f"networkids={network['id']}", *options)
    web2 = deployed["virtualmachine"]["id"]
    equal((deployed["virtualmachine"]["state"], deployed["virtualmachine"]["displayname"]), ("Running", "web two"))

with step("createTags: a list of maps; list by tag"):
    tags = [{"key": "role", "value": "web"}, {"key": "day", "value": "one"}]
    equal(cs.createTags(resourceids=[web1], resourcetype="UserVm", tags=tags, fetch_result=True)["success"], True)
    equal(names(cs.listVirtualMachines(tags={"key": "role", "value": "web"})["virtualmachine"]), ["web1"])
    equal(cs.listVirtualMachines(tags={"key": "role", "value": "db"}), {})

with step("POST: user data too long for a URL"):
    post = CloudStack(endpoint=endpoint, key=key, secret=secret, method="post", **polling)
    text = base64.b64encode(b"#cloud-config\n" + b"# a line = 100% & more + ~\n" * 800).decode()
    made = post.deployVirtualMachine(
        name="web3", userdata=text, networkids=[network["id"]], startvm=False, fetch_result=True, **machine
    )["virtualmachine"]
    equal(made["state"], "Stopped")
    equal(cs.getVirtualMachineUserData(virtualmachineid=made["id"])["virtualmachineuserdata"]["userdata"], text)
    post.destroyVirtualMachine(id=made["id"], expunge=True, fetch_result=True)

with step("list: by several ids, by state"):
    equal(sorted(names(cs.listVirtualMachines(ids=[web1, web2])["virtualmachine"])), ["web1", "web2"])
    equal(cs.listVirtualMachines(ids=[web1, web2], state="Stopped"), {})

with step("createVolume, attachVolume, detachVolume"):
    volume = cs.createVolume(name="data", zoneid=zone["id"], diskofferingid=disk["id"], fetch_result=True)["volume"]
    equal(volume["state"], "Allocated")
    attached = cs.attachVolume(id=volume["id"], virtualmachineid=web1, fetch_result=True)["volume"]
    equal((attached["state"], attached["virtualmachineid"], attached["type"]), ("Ready", web1, "DATADISK"))
    equal(len(cs.listVolumes(virtualmachineid=web1)["volume"]), 2)

with step("createSnapshot"):
    snapshot = cs.createSnapshot(volumeid=volume["id"], name="evening", fetch_result=True)["snapshot"]
    equal((snapshot["state"], snapshot["volumeid"]), ("BackedUp", volume["id"]))
    equal(names(cs.listSnapshots(volumeid=volume["id"])["snapshot"]), ["evening"])

with step("associateIpAddress"):
    address = cs.associateIpAddress(networkid=network["id"], fetch_result=True)["ipaddress"]
    equal((address["state"], address["issourcenat"]), ("Allocated", False))

with step("createFirewallRule, createPortForwardingRule"):
    opened = cs.createFirewallRule(
        ipaddressid=address["id"], protocol="tcp", startport=443, endport=443, cidrlist=["0.0.0.0/0"], fetch_result=True
    )["firewallrule"]
    equal((opened["state"], opened["startport"], opened["cidrlist"]), ("Active", 443, "0.0.0.0/0"))
    forwarded = cs.createPortForwardingRule(
        ipaddressid=address["id"], protocol="tcp", publicport=443, privateport=8443, virtualmachineid=web1,
        openfirewall=False, fetch_result=True,
    )["portforwardingrule"]
    equal((forwarded["publicport"], forwarded["privateport"], forwarded["virtualmachineid"]), ("443", "8443", web1))

with step("createLoadBalancerRule, assignToLoadBalancerRule"):
    balancer = cs.createLoadBalancerRule(
        publicipid=address["id"], name="http", algorithm="roundrobin", publicport=80, privateport=8080, fetch_result=True
    )["loadbalancer"]
    cs.assignToLoadBalancerRule(id=balancer["id"], virtualmachineids=[web1, web2], fetch_result=True)
    equal(len(cs.listLoadBalancerRuleInstances(id=balancer["id"], fetch_list=True)), 2)

with step("createSecurityGroup, as in the README"):
    group = cs.createSecurityGroup(name="web", description="HTTP traffic")["securitygroup"]
    allowed = answer(
        "authorizeSecurityGroupIngress", "cidrlist=0.0.0.0/0", "endport=443", "startport=443", "securitygroupname=web",
        "protocol=tcp",
    )["securitygroup"]
    equal((allowed["id"], allowed["ingressrule"][0]["startport"]), (group["id"], 443))
    equal(cs.deleteSecurityGroup(name="web")["success"], True)

# What the client makes of errors.

with step("error: an id that does not exist"):
    with refused(431, "Invalid parameter id value="):
        cs.listVirtualMachines(id=unknown)

with step("error: a parameter that is missing"):
    with refused(431, "due to missing parameter zoneid", 9999):
        cs.deployVirtualMachine(serviceofferingid=offering["id"], templateid=template["id"])

with step("error: a wrong key, a wrong secret, a command that is none"):
    text = "unable to verify user credentials and/or request signature"
    with refused(401, text):
        CloudStack(endpoint=endpoint, key="nobody", secret=secret).listZones()
    with refused(401, text):
        CloudStack(endpoint=endpoint, key=key, secret="wrong").listZones()
    with refused(401, text):
        cs.listNothingAtAll()

with step("error: no key at all"):
    with refused(401, "unable to verify user credentials"):
        CloudStack(endpoint=endpoint).listZones()

with step("error: a signature that has expired"):
    with refused(401, "unable to verify user credentials"):
        cs.listZones(expires="2020-01-31T12:34:56+0000", signatureversion=3)

with step("error: an address at which there is no CloudStack"):
    try:
        CloudStack(endpoint=endpoint.replace("/client/api", "/nowhere"), key=key, secret=secret).listZones()
        raise AssertionError("CloudStackException was expected")
    except CloudStackException as error:
        equal(error.response.status_code, 404)

with step("error: a job that fails"):
    with job_failed(431, "is already running"):
        cs.startVirtualMachine(id=web1, fetch_result=True)

with step("error: the wrong state, said at once"):
    with refused(431, "", 4350):
        cs.deleteVolume(id=volume["id"])

with step("error: cs prints CloudStack's answer and ends with 1"):
    run = command_line("listVirtualMachines", f"id={unknown}")
    equal(run.returncode, 1)
    assert run.stderr.startswith("CloudStack error: HTTP 431 response from CloudStack"), run.stderr
    equal(json.loads(run.stdout)["listvirtualmachinesresponse"]["errorcode"], 431)

with step("error: cs prints a job that failed and ends with 1"):
    run = command_line("startVirtualMachine", f"id={web1}")
    equal(run.returncode, 1)
    assert run.stderr.startswith("CloudStack error: Job failure"), run.stderr
    equal(json.loads(run.stdout)["queryasyncjobresultresponse"]["jobstatus"], 2)

with step("error: a tenant at its limit, and a tenant at another's machine"):
    account = cs.createAccount(
        username="bob", password="s3cret", email="bob@example.com", firstname="Bob", lastname="B", accounttype=0
    )["account"]
    keys = cs.registerUserKeys(id=account["user"][0]["id"], fetch_result=True)["userkeys"]
    cs.updateResourceLimit(account="bob", domainid=account["domainid"], resourcetype=0, max=0)
    bob = CloudStack(endpoint=endpoint, key=keys["apikey"], secret=keys["secretkey"], **polling)
    with refused(535, "Maximum amount of resources of Type = 'user_vm'"):
        bob.deployVirtualMachine(name="mine", **machine)
    with refused(531, "does not have permission to operate with provided resource", 4365):
        bob.stopVirtualMachine(id=web1)
    with refused(432, "The API [addHost] does not exist or is not available"):
        bob.addHost(zoneid=zone["id"], podid=unknown, hypervisor="KVM", url="http://host", username="a", password="b")
    equal(bob.listVirtualMachines(), {})
    equal(cs.deleteAccount(id=account["id"], fetch_result=True)["success"], True)

# The same with AIOCloudStack, as in the README.


async def at_once():
    async with AIOCloudStack(**read_config()) as aio:
        results = await asyncio.gather(
            *(aio.deployVirtualMachine(name=f"vm-{i}", **machine, networkids=network["id"], fetch_result=True) for i in range(5))
        )
        equal({result["virtualmachine"]["state"] for result in results}, {"Running"})
        equal(len({result["virtualmachine"]["nic"][0]["ipaddress"] for result in results}), 5)
        await asyncio.gather(
            *(
                aio.destroyVirtualMachine(id=result["virtualmachine"]["id"], expunge=True, fetch_result=True)
                for result in results
            )
        )
        equal(await aio.listVirtualMachines(keyword="vm-", networkid=network["id"]), {})


async def pages():
    async with AIOCloudStack(**read_config()) as aio:
        equal(len(await aio.listVirtualMachines(listall=True, fetch_list=True)), len(machines) + 2)


async def errors():
    async with AIOCloudStack(**read_config()) as aio:
        try:
            await aio.listVirtualMachines(id=unknown)
            raise AssertionError("CloudStackApiException was expected")
        except CloudStackApiException as error:
            equal((error.response.status, error.error["errorcode"]), (431, 431))
        with job_failed(431, "is already running"):
            await aio.startVirtualMachine(id=web1, fetch_result=True)


with step("async: five machines at once, and gone again"):
    asyncio.run(at_once())

with step("async: fetch_list"):
    asyncio.run(pages())

with step("async: errors"):
    asyncio.run(errors())

# Evening: everything goes again.

with step("stopVirtualMachine, startVirtualMachine, stopVirtualMachine"):
    equal(cs.stopVirtualMachine(id=web1, fetch_result=True)["virtualmachine"]["state"], "Stopped")
    equal(cs.startVirtualMachine(id=web1, fetch_result=True)["virtualmachine"]["state"], "Running")
    equal(cs.stopVirtualMachine(id=web1, forced=True, fetch_result=True)["virtualmachine"]["state"], "Stopped")

with step("cs --async stopVirtualMachine: the stub, and queryAsyncJobResult for the rest"):
    stub = answer("--async", "stopVirtualMachine", f"id={web2}")
    equal(list(stub), ["jobid"])
    equal(job_result(stub["jobid"])["virtualmachine"]["state"], "Stopped")
    equal(answer("queryAsyncJobResult", f"jobid={stub['jobid']}")["jobstatus"], 1)

with step("detachVolume, deleteSnapshot, deleteVolume"):
    detached = cs.detachVolume(id=volume["id"], fetch_result=True)["volume"]
    assert "virtualmachineid" not in detached, detached
    equal(cs.deleteSnapshot(id=snapshot["id"], fetch_result=True)["success"], True)
    equal(cs.deleteVolume(id=volume["id"])["success"], True)
    equal(cs.listVolumes(name="data"), {})

with step("the rules go, then the address"):
    for command, rule in (
        ("deletePortForwardingRule", forwarded), ("deleteLoadBalancerRule", balancer), ("deleteFirewallRule", opened)
    ):
        equal(getattr(cs, command)(id=rule["id"], fetch_result=True)["success"], True)
    equal(cs.disassociateIpAddress(id=address["id"], fetch_result=True)["success"], True)

with step("error: a network that is in use stays"):
    with job_failed(530, "Failed to delete network"):
        cs.deleteNetwork(id=network["id"], fetch_result=True)

with step("destroyVirtualMachine, recoverVirtualMachine, expungeVirtualMachine"):
    equal(cs.destroyVirtualMachine(id=web1, fetch_result=True)["virtualmachine"]["state"], "Destroyed")
    equal(cs.recoverVirtualMachine(id=web1)["virtualmachine"]["state"], "Stopped")
    cs.destroyVirtualMachine(id=web1, fetch_result=True)
    equal(cs.expungeVirtualMachine(id=web1, fetch_result=True)["success"], True)
    equal(cs.listVirtualMachines(id=web1), {})

with step("cs destroyVirtualMachine expunge=true"):
    answer("destroyVirtualMachine", f"id={web2}", "expunge=true")
    equal(cs.listVirtualMachines(id=web2), {})

with step("deleteNetwork: nothing is left of the day"):
    equal(cs.deleteNetwork(id=network["id"], fetch_result=True)["success"], True)
    equal(cs.listNetworks(id=network["id"]), {})
    equal(cs.listVirtualMachines(listall=True)["count"], len(machines))
