"""A day in the life with Apache Libcloud's CloudStack driver, used as its documentation shows.

test/system/interop/main.ts starts the simulator and runs this with the connection as JSON and an empty home folder. Each step
prints one line: `pass<TAB>step` or `fail<TAB>step<TAB>why`.
"""

import contextlib
import json
import sys
from urllib.parse import urlsplit

import libcloud.security
from libcloud.compute.providers import get_driver
from libcloud.compute.types import NodeState, Provider

connection = json.loads(sys.argv[1])
url = urlsplit(connection["url"])
libcloud.security.VERIFY_SSL_CERT = False


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


def named(rows, name):
    return next(row for row in rows if row.name == name)


driver = get_driver(Provider.CLOUDSTACK)(
    key=connection["apiKey"],
    secret=connection["secretKey"],
    secure=False,
    host=url.hostname,
    port=url.port,
    path=url.path,
)
driver.connection.poll_interval = 0.1
made = {}

with step("list locations"):
    made["zone"] = named(driver.list_locations(), "Frankfurt")

with step("list sizes"):
    # The driver wants a number of processors of each, which a custom one has not, here as on a real server.
    for row in driver._sync_request(command="listServiceOfferings")["serviceoffering"]:
        if row["iscustomized"]:
            driver._sync_request(command="deleteServiceOffering", params={"id": row["id"]})
    made["size"] = named(driver.list_sizes(), "Small Instance")

with step("list images"):
    made["image"] = named(driver.list_images(location=made["zone"]), "Debian 12")

with step("list network offerings and networks"):
    assert driver.ex_list_network_offerings()
    made["offering"] = named(
        driver.ex_list_network_offerings(), "DefaultIsolatedNetworkOfferingWithSourceNatService"
    )
    assert driver.ex_list_networks()

with step("create a network"):
    made["network"] = driver.ex_create_network(
        display_text="libcloud", name="libcloud-net", network_offering=made["offering"], location=made["zone"]
    )

with step("create a key pair and find it"):
    pair = driver.create_key_pair("libcloud-key")
    assert "PRIVATE KEY" in pair.private_key
    equal(driver.get_key_pair("libcloud-key").fingerprint, pair.fingerprint)

with step("deploy a machine"):
    made["node"] = driver.create_node(
        name="libcloud-1",
        size=made["size"],
        image=made["image"],
        location=made["zone"],
        networks=[made["network"]],
        ex_keyname="libcloud-key",
        ex_start_vm=True,
    )
    equal(made["node"].state, NodeState.RUNNING)
    equal(made["node"].name, "libcloud-1")

with step("find it among all machines"):
    equal(driver.ex_get_node(made["node"].id).name, "libcloud-1")
    assert made["node"].id in [node.id for node in driver.list_nodes()]

with step("stop, start and reboot it"):
    equal(driver.ex_stop(made["node"]), "Stopped")
    equal(driver.ex_start(made["node"]), "Running")
    assert driver.reboot_node(made["node"])

with step("tag it"):
    assert driver.ex_create_tags([made["node"].id], "UserVm", {"Owner": "libcloud"})
    equal(driver.ex_get_node(made["node"].id).extra["tags"], {"Owner": "libcloud"})

with step("create, attach, detach and delete a volume"):
    volume = driver.create_volume(size=5, name="libcloud-data", location=made["zone"])
    assert driver.attach_volume(made["node"], volume)
    assert "libcloud-data" in [each.name for each in driver.list_volumes(made["node"])]
    assert driver.detach_volume(volume)
    assert driver.destroy_volume(volume)

with step("take an address, open and forward a port"):
    address = driver.ex_allocate_public_ip(location=made["zone"], network_id=made["network"].id)
    # A list it signs as Python writes it, and sends otherwise.
    rule = driver.ex_create_firewall_rule(address, "0.0.0.0/0", "TCP", start_port=80, end_port=80)
    forward = driver.ex_create_port_forwarding_rule(made["node"], address, 8080, 80, "TCP", openfirewall=False)
    equal((forward.private_port, forward.public_port), (8080, 80))
    assert driver.ex_delete_port_forwarding_rule(made["node"], forward)
    assert driver.ex_delete_firewall_rule(rule)
    assert driver.ex_release_public_ip(address)

with step("create and delete a security group"):
    driver.ex_create_security_group("libcloud-group")
    assert "libcloud-group" in [each["name"] for each in driver.ex_list_security_groups()]
    assert driver.ex_delete_security_group("libcloud-group")

with step("destroy the machine, delete the network and the key pair"):
    assert driver.destroy_node(made["node"], ex_expunge=True)
    assert driver.ex_delete_network(made["network"], force=True)
    # It compares the answer's `success` with a text, and CloudStack sends a boolean.
    driver.delete_key_pair(pair)
    assert "libcloud-key" not in [each.name for each in driver.list_key_pairs()]
