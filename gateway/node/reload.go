package node

import (
	"errors"
	"strings"

	"hookgate/configs"
	"hookgate/gateway"
)

// Reload loads the file again, all or nothing: a bad file changes nothing. The keys
// that were changed and take a restart keep their values; waiting has their names.
func (n *Node) Reload() (waiting []string, err error) {
	n.reloading.Lock()
	defer n.reloading.Unlock()
	counts := n.metrics.Reloads()
	if waiting, err = n.takeFile(); err != nil {
		counts.Error.Inc()
		n.Log.Error("the configuration was not loaded again, the old one stays", "error", err)
		return nil, err
	}
	for _, key := range waiting {
		n.Log.Warn("this setting takes a restart", "setting", key)
	}
	counts.OK.Inc()
	n.Log.Info("the configuration was loaded again")
	return waiting, nil
}

// takeFile puts in force what the file now says, but for what takes a restart.
func (n *Node) takeFile() (waiting []string, err error) {
	next, err := n.Load()
	if err != nil {
		return nil, err
	}
	waiting = next.KeepFrom(n.config)
	if err := n.resources.SetFile(n.fileOf(next)); err != nil {
		return nil, report(next, err)
	}
	n.transport.SetEgress(egressOf(next))
	if err := n.takeWay(next); err != nil {
		return nil, err // Load has checked it
	}
	n.proxy.Trust(trustedOf(next))
	b := between{&n.parts}
	b.proveEndpoints()
	if err := b.dropOrphans(); err != nil {
		n.Log.Error("the configuration was loaded, but", "error", err) // the next load, or start, does it
	}
	n.warn(next)
	return waiting, nil
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
