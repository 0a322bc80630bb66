package node

import (
	"fmt"

	"hookgate/gateway"
)

// loadFile takes what the file says of resources.
func (n *Node) loadFile() error {
	f := n.fileOf(n.config)
	f.Compiled = n.Prepared.compiledOf(n.config)
	if err := n.resources.SetFile(f); err != nil {
		return report(n.config, err)
	}
	n.warn(n.config)
	n.taken = taking{config: n.config, hash: hashOf(n.config)}
	n.alike.Store(alikeOf(n.config))
	n.metrics.ConfigLoaded(n.clock.Now(), n.taken.hash)
	n.last = n.changedFrom(nil)
	n.config = n.config.Process()
	return nil
}

// recover takes up what the process before has left. In a cluster a node takes what is its
// when it joins.
func (n *Node) recover() error {
	n.jobs.Start()
	n.doubts.tell(between{&n.parts}.doubt)
	n.stats.ReadAhead(n.tenantIDs())
	if n.store.members != nil {
		return nil
	}
	for _, part := range (joining{n}).movable() {
		if err := part.Acquire(gateway.AllSlots()); err != nil {
			return fmt.Errorf("reading what was left unfinished: %w", err)
		}
	}
	between{&n.parts}.proveEndpoints(n.directory.Current().Tenants())
	return nil
}

// tenantIDs gives the ids of all tenants.
func (n *Node) tenantIDs() (ids []string) {
	for t := range n.directory.Current().Tenants() {
		ids = append(ids, t.ID)
	}
	return ids
}

// firstToken shows the admin token of a first start, once. It comes when nothing can
// fail the start any more: a token that was made before the listeners were bound, and
// not shown because they could not be, would be lost for ever.
func (n *Node) firstToken() error {
	if n.store.makesFirst != nil {
		if makes, err := n.store.makesFirst(); err != nil || !makes {
			return err
		}
	}
	token, err := n.resources.Tokens.First()
	if err != nil {
		return err
	}
	if token == "" {
		if !n.resources.Tokens.HasAdmin() { // that of the environment is kept nowhere, and none is made a second time
			n.Log.Warn("there is no admin token in force: nobody can make tokens, nor manage tenants; set HOOKGATE_ADMIN_TOKEN and start again")
		}
		return nil
	}
	link, err := n.SignInLink(token)
	if err != nil {
		return fmt.Errorf("making the link that signs in: %w", err)
	}
	_, err = fmt.Fprintf(n.Stderr, "hookgate: this is the admin token; it is shown once and kept nowhere:\n\n    %s\n\n"+
		"hookgate: the console is at %s/console; this link signs in there, once, within the hour:\n\n    %s\n\n", token, n.consoleURL(), link)
	if err != nil {
		return fmt.Errorf("showing the admin token: %w", err)
	}
	return n.resources.Tokens.FirstShown()
}
