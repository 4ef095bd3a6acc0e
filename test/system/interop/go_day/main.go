// A day in the life with Apache's Go SDK (cloudstack-go), on which Terraform's provider, the Kubernetes provider and cmk are built.
//
// test/system/interop/main.ts builds it, starts the simulator and runs it with the connection as JSON. Each step prints one line:
// `pass<TAB>step` or `fail<TAB>step<TAB>why`.
package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"sort"
	"strings"

	"github.com/apache/cloudstack-go/v2/cloudstack"
)

func step(name string, do func() error) {
	if err := do(); err != nil {
		fmt.Printf("fail\t%s\t%s\n", name, strings.Join(strings.Fields(err.Error()), " "))
		return
	}
	fmt.Printf("pass\t%s\n", name)
}

func equal(found, expected any) error {
	if reflect.DeepEqual(found, expected) {
		return nil
	}
	return fmt.Errorf("expected %v, got %v", expected, found)
}

// Reads every list that needs no argument: each answer must fit the SDK's types.
func readEverything(cs *cloudstack.CloudStackClient) (read int, wrong []string) {
	services := reflect.ValueOf(cs).Elem()
	for i := 0; i < services.NumField(); i++ {
		service := services.Field(i)
		if !services.Type().Field(i).IsExported() || service.Kind() != reflect.Interface || service.IsNil() {
			continue
		}
		for j := 0; j < service.NumMethod(); j++ {
			name := service.Type().Method(j).Name
			if !strings.HasPrefix(name, "List") {
				continue
			}
			maker := service.MethodByName("New" + name + "Params")
			if !maker.IsValid() || maker.Type().NumIn() > 0 {
				continue
			}
			params := maker.Call(nil)[0]
			for _, setting := range []string{"SetListall", "SetIsrecursive"} {
				if set := params.MethodByName(setting); set.IsValid() {
					set.Call([]reflect.Value{reflect.ValueOf(true)})
				}
			}
			if set := params.MethodByName("SetTemplatefilter"); set.IsValid() {
				set.Call([]reflect.Value{reflect.ValueOf("all")})
			}
			answer := service.Method(j).Call([]reflect.Value{params})
			read++
			err, _ := answer[1].Interface().(error)
			// What the cloud refuses, such as a list that wants an argument, is no fault of types.
			if err != nil && !strings.Contains(err.Error(), "errorcode") && !strings.Contains(err.Error(), "CloudStack API error") {
				wrong = append(wrong, name+": "+err.Error())
			}
		}
	}
	sort.Strings(wrong)
	return read, wrong
}

func main() {
	var connection struct{ URL, APIKey, SecretKey string }
	if err := json.Unmarshal([]byte(os.Args[1]), &connection); err != nil {
		panic(err)
	}
	cs := cloudstack.NewAsyncClient(connection.URL, connection.APIKey, connection.SecretKey, false)
	var zone, template, offering, network, machine, volume, address string

	step("find ids by names", func() (err error) {
		if zone, _, err = cs.Zone.GetZoneID("Frankfurt"); err != nil {
			return err
		}
		if offering, _, err = cs.ServiceOffering.GetServiceOfferingID("Small Instance"); err != nil {
			return err
		}
		list := cs.Template.NewListTemplatesParams("featured")
		list.SetZoneid(zone)
		templates, err := cs.Template.ListTemplates(list)
		if err != nil {
			return err
		}
		for _, each := range templates.Templates {
			if each.Isready && each.Templatetype == "USER" {
				template = each.Id
			}
		}
		if template == "" {
			return errors.New("no template is ready")
		}
		return nil
	})

	step("create a network", func() error {
		id, _, err := cs.NetworkOffering.GetNetworkOfferingID("DefaultIsolatedNetworkOfferingWithSourceNatService")
		if err != nil {
			return err
		}
		made, err := cs.Network.CreateNetwork(cs.Network.NewCreateNetworkParams("go-net", id, zone))
		if err != nil {
			return err
		}
		network = made.Id
		return equal(made.Type, "Isolated")
	})

	step("deploy a machine with user data", func() error {
		params := cs.VirtualMachine.NewDeployVirtualMachineParams(offering, template, zone)
		params.SetName("go-vm")
		params.SetNetworkids([]string{network})
		params.SetUserdata(base64.StdEncoding.EncodeToString([]byte("#cloud-config\n")))
		made, err := cs.VirtualMachine.DeployVirtualMachine(params)
		if err != nil {
			return err
		}
		machine = made.Id
		if len(made.Nic) != 1 {
			return fmt.Errorf("it has %d network interfaces", len(made.Nic))
		}
		return equal([]string{made.State, made.Nic[0].Networkid}, []string{"Running", network})
	})

	step("find it by name and by id", func() error {
		found, count, err := cs.VirtualMachine.GetVirtualMachineByName("go-vm")
		if err != nil {
			return err
		}
		if err := equal([]any{found.Id, count}, []any{machine, 1}); err != nil {
			return err
		}
		_, count, err = cs.VirtualMachine.GetVirtualMachineByID(machine)
		if err != nil {
			return err
		}
		return equal(count, 1)
	})

	step("tag it and find it by its tag", func() error {
		if _, err := cs.Resourcetags.CreateTags(cs.Resourcetags.NewCreateTagsParams([]string{machine}, "UserVm", map[string]string{"day": "go"})); err != nil {
			return err
		}
		params := cs.VirtualMachine.NewListVirtualMachinesParams()
		params.SetTags(map[string]string{"day": "go"})
		found, err := cs.VirtualMachine.ListVirtualMachines(params)
		if err != nil {
			return err
		}
		return equal([]any{found.Count, found.VirtualMachines[0].Tags[0].Value}, []any{1, "go"})
	})

	step("acquire an address, open and forward a port", func() error {
		acquire := cs.Address.NewAssociateIpAddressParams()
		acquire.SetNetworkid(network)
		made, err := cs.Address.AssociateIpAddress(acquire)
		if err != nil {
			return err
		}
		address = made.Id
		open := cs.Firewall.NewCreateFirewallRuleParams(address, "tcp")
		open.SetStartport(22)
		open.SetEndport(22)
		open.SetCidrlist([]string{"10.0.0.0/8"})
		rule, err := cs.Firewall.CreateFirewallRule(open)
		if err != nil {
			return err
		}
		forward, err := cs.Firewall.CreatePortForwardingRule(
			cs.Firewall.NewCreatePortForwardingRuleParams(address, 22, "tcp", 2222, machine))
		if err != nil {
			return err
		}
		return equal([]any{rule.Startport, forward.Publicport, forward.Virtualmachineid}, []any{22, "2222", machine})
	})

	step("create, attach, detach and delete a disk", func() error {
		disk, _, err := cs.DiskOffering.GetDiskOfferingID("Small")
		if err != nil {
			return err
		}
		params := cs.Volume.NewCreateVolumeParams()
		params.SetName("go-disk")
		params.SetDiskofferingid(disk)
		params.SetZoneid(zone)
		made, err := cs.Volume.CreateVolume(params)
		if err != nil {
			return err
		}
		volume = made.Id
		attached, err := cs.Volume.AttachVolume(cs.Volume.NewAttachVolumeParams(volume, machine))
		if err != nil {
			return err
		}
		if err := equal(attached.Virtualmachineid, machine); err != nil {
			return err
		}
		detach := cs.Volume.NewDetachVolumeParams()
		detach.SetId(volume)
		if _, err := cs.Volume.DetachVolume(detach); err != nil {
			return err
		}
		_, err = cs.Volume.DeleteVolume(cs.Volume.NewDeleteVolumeParams(volume))
		return err
	})

	step("an SSH key pair is made once", func() error {
		params := cs.SSH.NewCreateSSHKeyPairParams("go-key")
		made, err := cs.SSH.CreateSSHKeyPair(params)
		if err != nil {
			return err
		}
		if !strings.Contains(made.Privatekey, "PRIVATE KEY") {
			return errors.New("no private key")
		}
		if _, err = cs.SSH.CreateSSHKeyPair(params); err == nil || !strings.Contains(err.Error(), "already exists") {
			return fmt.Errorf("a second one: %v", err)
		}
		return nil
	})

	step("what is not there is told apart", func() error {
		_, count, err := cs.VirtualMachine.GetVirtualMachineByID("00000000-0000-4000-8000-000000000000")
		if err == nil || count != 0 || !strings.Contains(err.Error(), "No match found") {
			return fmt.Errorf("count %d, error %v", count, err)
		}
		if _, _, err = cs.Zone.GetZoneID("nowhere"); err == nil {
			return errors.New("a zone that is not there was found")
		}
		return nil
	})

	step("a job that fails is an error", func() error {
		_, err := cs.VirtualMachine.MigrateVirtualMachine(cs.VirtualMachine.NewMigrateVirtualMachineParams(machine))
		if err == nil {
			return errors.New("migrating to nowhere succeeded")
		}
		return nil
	})

	step("pages hold each machine once", func() error {
		seen := map[string]bool{}
		for page := 1; ; page++ {
			params := cs.VirtualMachine.NewListVirtualMachinesParams()
			params.SetListall(true)
			params.SetPage(page)
			params.SetPagesize(500)
			answer, err := cs.VirtualMachine.ListVirtualMachines(params)
			if err != nil {
				return err
			}
			for _, each := range answer.VirtualMachines {
				if seen[each.Id] {
					return fmt.Errorf("%s twice", each.Id)
				}
				seen[each.Id] = true
			}
			if len(seen) >= answer.Count || len(answer.VirtualMachines) == 0 {
				return equal(len(seen), answer.Count)
			}
		}
	})

	step("stop, start, reboot and destroy the machine", func() error {
		stopped, err := cs.VirtualMachine.StopVirtualMachine(cs.VirtualMachine.NewStopVirtualMachineParams(machine))
		if err != nil {
			return err
		}
		started, err := cs.VirtualMachine.StartVirtualMachine(cs.VirtualMachine.NewStartVirtualMachineParams(machine))
		if err != nil {
			return err
		}
		if _, err := cs.VirtualMachine.RebootVirtualMachine(cs.VirtualMachine.NewRebootVirtualMachineParams(machine)); err != nil {
			return err
		}
		destroy := cs.VirtualMachine.NewDestroyVirtualMachineParams(machine)
		destroy.SetExpunge(true)
		if _, err := cs.VirtualMachine.DestroyVirtualMachine(destroy); err != nil {
			return err
		}
		return equal([]string{stopped.State, started.State}, []string{"Stopped", "Running"})
	})

	step("release the address and delete the network", func() error {
		if _, err := cs.Address.DisassociateIpAddress(cs.Address.NewDisassociateIpAddressParams(address)); err != nil {
			return err
		}
		_, err := cs.Network.DeleteNetwork(cs.Network.NewDeleteNetworkParams(network))
		return err
	})

	step("every list fits the SDK's types", func() error {
		read, wrong := readEverything(cs)
		fmt.Printf("go: %d lists read\n", read)
		if len(wrong) > 0 {
			return errors.New(strings.Join(wrong, "; "))
		}
		return nil
	})
}
