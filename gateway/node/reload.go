package node

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"iter"
	"strings"
	"sync"

	"hookgate/configs"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/server"
)

// Reload loads the file again, all or nothing: a bad file changes nothing. The keys
// that were changed and take a restart keep their values; waiting has their names.
func (n *Node) Reload() (waiting []string, err error) {
	n.reloading.Lock()
	defer n.reloading.Unlock()
	if n.NoFile {
		n.Log.Error("there is no configuration file to load: this process was started without one")
		return nil, errNoFile
	}
	_ = server.Notify(server.NotifyReloading()) // who is not there any more needs no telling
	defer func() { _ = server.Notify(server.NotifyReady) }()
	counts := n.metrics.Reloads()
	before := n.taken.config
	if waiting, err = n.takeFile(); err != nil {
		n.last = n.refusedBy(err)
		counts.Error.Inc()
		n.metrics.ConfigRefused()
		n.happened(gateway.Happening{Kind: gateway.HappenedConfig, At: n.clock.Now(), Target: "reload", Of: "configuration", Action: "reload", Outcome: "refused"})
		n.Log.Error("the configuration was not loaded again, the old one stays", "error", err)
		return nil, err
	}
	for _, key := range waiting {
		n.Log.Warn("this setting takes a restart", "setting", key)
	}
	n.last = n.changedFrom(before)
	counts.OK.Inc()
	n.happened(gateway.Happening{Kind: gateway.HappenedConfig, At: n.clock.Now(), Target: "reload", Of: "configuration", Action: "reload", Outcome: "loaded"})
	n.Log.Info("the configuration was loaded again")
	return waiting, nil
}

// errNoFile is of a reload of a process that has nothing to load.
var errNoFile = gateway.Errorf(gateway.CodeReloadFailed, "there is no configuration file to load: start with --config, or HOOKGATE_CONFIG")

// takeFile puts in force what the file now says, but for what takes a restart.
func (n *Node) takeFile() (waiting []string, err error) {
	next, err := n.Load()
	if err != nil {
		return nil, err
	}
	if next == n.taken.config {
		n.resources.Remember()
		n.lookAgain()
		return n.taken.waiting, nil
	}
	if n.kept.config != next { // else it has been given the running values
		n.kept = taking{config: next, waiting: next.KeepFrom(n.config)}
	}
	built, err := n.resources.TakeFile(n.fileOf(next))
	if err != nil {
		return nil, report(next, err)
	}
	n.transport.SetEgress(egressOf(next))
	if err := n.takeWay(next); err != nil {
		return nil, err // Load has checked it
	}
	n.proxy.Trust(trustedOf(next))
	between{&n.parts}.proveEndpoints(n.tenants(built))
	n.taken = n.kept
	n.taken.hash = hashOf(n.taken.config)
	n.alike.Store(alikeOf(n.taken.config))
	n.lookAgain()
	return n.taken.waiting, nil
}

// taking is a configuration that is in force.
type taking struct {
	config  *configs.Config
	waiting []string         // its keys that wait for a restart
	hash    func() uint64    // by which the metrics tell it from others
	origins []configs.Origin // where its keys come from; nil: nobody has asked
}

// lookAgain does what each load does, also one that finds everything as it was.
func (n *Node) lookAgain() {
	if err := (between{&n.parts}).dropOrphans(n.lanes.Owned()); err != nil {
		n.Log.Error("the configuration was loaded, but", "error", err) // the next load, or start, does it
	}
	n.warn(n.taken.config)
	n.metrics.ConfigLoaded(n.clock.Now(), n.taken.hash)
}

// tenants gives those of some ids that there are.
func (n *Node) tenants(ids []string) iter.Seq[*directory.Tenant] {
	s := n.directory.Current()
	return func(yield func(*directory.Tenant) bool) {
		for _, id := range ids {
			if t := s.Tenant(id); t != nil && !yield(t) {
				return
			}
		}
	}
}

// hashOf tells one configuration from another. Its secrets are not in it: who guesses
// one could try it there. It is made when somebody first asks: of ten thousand tenants that
// takes a fifth of a second.
func hashOf(c *configs.Config) func() uint64 {
	return sync.OnceValue(func() uint64 {
		hash := sha256.Sum256([]byte(c.String()))
		return binary.BigEndian.Uint64(hash[:])
	})
}

// reloadAsked is Reload for who asks over the API: the answer names the mistakes,
// each by its place in the file, without the line that the log shows of it.
func (n *Node) reloadAsked() (waiting []string, err error) {
	waiting, err = n.Reload()
	var mistakes configs.Mistakes
	if !errors.As(err, &mistakes) {
		return waiting, err
	}
	shown := &gateway.Error{Code: gateway.CodeInvalidField, Message: "the configuration file is faulty", Err: err}
	for _, mistake := range mistakes {
		place, _, _ := strings.Cut(mistake, "\n")
		shown.Faults = append(shown.Faults, gateway.Fault{Message: place})
	}
	return nil, shown
}
