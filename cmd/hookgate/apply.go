package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"reflect"
	"strings"

	"github.com/spf13/cobra"
	"github.com/tidwall/gjson"

	"hookgate/configs"
	"hookgate/gateway"
	"hookgate/gateway/client"
)

func newApplyCommand() *cobra.Command {
	r := &running{}
	var files []string
	var dry, prune bool
	cmd := &cobra.Command{
		Use:   "apply -f FILE",
		Short: "Write tenants, sources, endpoints and webhooks of a file through the API",
		Long: `Write what files say of tenants, and their sources, endpoints and webhooks, through the
API: in the words of the configuration file, as YAML or JSON. Each is told as created,
updated or unchanged; --dry-run says what would be, with what differs. The secret that
is made up for an endpoint that has none is shown with it, this once.

It is all or nothing: hookgate judges everything before the first is written, and what
somebody else changes meanwhile is not written over. Where writing fails after that, what
was written is taken back; a secret that it replaced cannot be, and is named then.

A secret that reads *** stays what it is, and is refused where there is none. What a file
does not name stays: a tenant of which it names parts alone, too. What it names is as it
says, whole. With --prune the parts of a tenant that it names go that it does not name.
Tenants are never pruned, nor connections that users made.`,
		Example: `  hookgate apply -f acme.yaml --dry-run
  hookgate apply -f acme.yaml`,
		Args: cobra.NoArgs,
		RunE: r.ask(func(a *question) error {
			p := &plan{question: a, prune: prune, of: map[string][]*item{}}
			for _, file := range files {
				if err := p.read(file); err != nil {
					return p.named(err)
				}
			}
			if err := p.judge(); err != nil {
				return p.named(err)
			}
			if !dry {
				if err := p.write(); err != nil {
					return err
				}
			}
			p.show(dry)
			return nil
		}),
	}
	r.reads(cmd)
	flags := cmd.Flags()
	flags.StringArrayVarP(&files, "file", "f", nil, "a file, several times for several; - is standard input")
	flags.BoolVar(&dry, "dry-run", false, "say what would be, and change nothing")
	flags.BoolVar(&prune, "prune", false, "delete parts of the tenants that the files do not name")
	required(cmd, "file")
	return cmd
}

// item is one thing that is to be written, or deleted.
type item struct {
	kind, tenant, id string
	path             string
	place            string // in its file: tenants.acme.sources.payments
	file             *configs.Config
	spec             any // a word of package gateway; nil: it is to be deleted

	before      json.RawMessage // as it was; nil: it was not there
	tag         string          // of what was
	after       json.RawMessage // as it is to be; nil where nobody could be asked
	result      string          // created, updated, unchanged, deleted
	now         string          // the tag of what was written
	secretsOnly bool            // nothing else is another
	made        string          // a secret that was made up for it: nobody is shown it again
}

func (i *item) name() string {
	if i.kind == "tenant" {
		return i.id
	}
	return i.tenant + "/" + i.id
}

// plan is what an apply does.
type plan struct {
	*question
	prune bool
	items []*item
	of    map[string][]*item // what the files say, by tenant
	fresh map[string]bool    // tenants that are not there yet
	stdin string             // the file that standard input was put into
}

// named has faults of standard input name it, and not the file that it was put into.
func (p *plan) named(err error) error {
	if p.stdin == "" || !strings.Contains(err.Error(), p.stdin) {
		return err
	}
	return errors.New(strings.ReplaceAll(err.Error(), p.stdin, "standard input"))
}

// read adds what a file says.
func (p *plan) read(file string) error {
	name := file
	if file == "-" {
		text, err := readBody(p.cmd.InOrStdin())
		if err != nil {
			return err
		}
		f, err := os.CreateTemp("", "hookgate-apply-*.yaml") // with mode 0600
		if err != nil {
			return err
		}
		defer func() { _ = os.Remove(f.Name()) }()
		_, err = f.Write(text)
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
		name = f.Name()
		p.stdin = name
	}
	c, err := configs.Load(configs.Options{Flags: configs.Flags{Config: name}, Environ: os.Environ()})
	if err != nil {
		return fmt.Errorf("%s:\n%w", file, err)
	}
	if err := onlyTenants(c, file); err != nil {
		return err
	}
	for _, id := range parentsFirst(c.Tenants) {
		t := c.Tenants[id]
		p.add(c, "tenant", id, id, t.Tenant)
		for part, spec := range sortedParts(t.Sources) {
			p.add(c, "source", id, part, spec)
		}
		for part, spec := range sortedParts(t.Endpoints) {
			p.add(c, "endpoint", id, part, spec)
		}
		for part, spec := range sortedParts(t.Webhooks) {
			p.add(c, "webhook", id, part, spec)
		}
	}
	if len(c.Tenants) == 0 {
		return fmt.Errorf("%s names no tenants: there is nothing to apply", file)
	}
	return nil
}

func (p *plan) add(c *configs.Config, kind, tenant, id string, spec any) {
	i := &item{kind: kind, tenant: tenant, id: id, file: c, spec: spec, path: client.Path("v1", "tenants", tenant), place: "tenants." + tenant}
	if kind != "tenant" {
		i.path = client.Path("v1", "tenants", tenant, kind+"s", id)
		i.place += "." + kind + "s." + id
	}
	p.items, p.of[tenant] = append(p.items, i), append(p.of[tenant], i)
}

// judge finds out what is to be done, and has hookgate judge it, all of it: every fault is
// told, each with its place in the file.
func (p *plan) judge() error {
	p.fresh = map[string]bool{}
	var faults []error
	found := map[*configs.Config][]gateway.Fault{}
	for _, i := range p.items {
		err := p.judgeOne(i)
		problem, refused := errors.AsType[*client.Problem](err)
		switch {
		case err == nil:
		case refused && len(problem.Errors) > 0:
			found[i.file] = append(found[i.file], gateway.Under(i.place, problem.Errors)...)
		default:
			faults = append(faults, fmt.Errorf("%s %s: %w", i.kind, i.name(), err))
		}
	}
	for c, all := range found {
		faults = append(faults, c.Report(all))
	}
	for id := range p.fresh {
		faults = append(faults, p.judgeFresh(id))
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("nothing was changed:\n%w", err)
	}
	if p.prune {
		return p.pruned()
	}
	return nil
}

func (p *plan) judgeOne(i *item) (err error) {
	if p.fresh[i.tenant] {
		i.result, i.tag = "created", client.TagOfNone
		return nil
	}
	i.before, i.tag, err = p.GetRaw(p.ctx, i.path, nil)
	if client.IsCode(err, gateway.CodeNotFound) {
		i.before, i.result, i.tag = nil, "created", client.TagOfNone
	} else if err != nil {
		return err
	}
	if t, is := i.spec.(gateway.Tenant); is && i.before != nil && reflect.ValueOf(t).IsZero() {
		// The file says nothing of the tenant itself: it is there for its parts.
		i.after, i.result = i.before, "unchanged"
		return nil
	}
	told, tag, err := p.PutRaw(p.ctx, i.path, client.Query("dry_run", "true"), i.spec, i.tag)
	if err != nil {
		return err
	}
	if i.after = told; i.before == nil {
		p.fresh[i.tenant] = p.fresh[i.tenant] || i.kind == "tenant"
		return nil
	}
	differs := len(compared(i.kind, i.before, i.after)) > 0
	switch {
	case tag == i.tag || !differs && !hasSecret(i.spec):
		i.result = "unchanged"
	default:
		i.result, i.secretsOnly = "updated", !differs
	}
	return nil
}

// write writes what differs, and takes it back where that fails, or is stopped: by Ctrl-C,
// too. What is on its way then is waited for, lest nobody know whether it was written.
func (p *plan) write() error {
	stopped, stop := stopping(p.ctx)
	defer stop()
	untold := context.AfterFunc(stopped, func() {
		signal.Reset(os.Interrupt)
		p.cmd.PrintErrln("Stopping: what was written is taken back. Ctrl-C once more ends it at once.")
	})
	defer untold()
	for n, i := range p.items {
		err := p.writeOne(i)
		if err == nil && stopped.Err() != nil && n+1 < len(p.items) {
			n, i, err = n+1, p.items[n+1], errStopped
		}
		if err == nil {
			continue
		}
		err = fmt.Errorf("%s %s: %w", i.kind, i.name(), err)
		if left := p.takeBack(p.items[:n]); left != nil {
			return fmt.Errorf("%w\nnot all that was written could be taken back:\n%w", err, left)
		}
		return fmt.Errorf("%w\nwhat was written before has been taken back", err)
	}
	return nil
}

var errStopped = errors.New("is not written: the command was stopped")

func (p *plan) writeOne(i *item) (err error) {
	switch i.result {
	case "created", "updated":
		var answer json.RawMessage
		answer, i.now, err = p.PutRaw(p.ctx, i.path, nil, i.spec, i.tag)
		i.made = gjson.GetBytes(answer, "secret").String()
	case "deleted":
		err = p.Remove(p.ctx, i.path, i.tag)
	}
	if _, answered := errors.AsType[*client.Problem](err); err != nil && !answered {
		return fmt.Errorf("%w: whether it was written is not known", err)
	}
	return err
}

// takeBack undoes what was written, the last first.
func (p *plan) takeBack(written []*item) error {
	var left []error
	for n := len(written) - 1; n >= 0; n-- {
		i := written[n]
		var err error
		switch i.result {
		case "created":
			if err = p.ours(i); err == nil {
				err = p.Remove(p.ctx, i.path, i.now)
			}
		case "updated":
			if _, _, err = p.PutRaw(p.ctx, i.path, nil, i.before, i.now); err == nil && hasSecret(i.spec) {
				err = errors.New("its secrets are the new ones: nobody can read the old ones")
			}
		case "deleted":
			_, _, err = p.PutRaw(p.ctx, i.path, nil, i.before, client.TagOfNone)
		}
		if err != nil {
			left = append(left, fmt.Errorf("%s %s: %w", i.kind, i.name(), err))
		}
	}
	return errors.Join(left...)
}

// ours says whether nobody has put anything into what was made: with a tenant it would go.
func (p *plan) ours(i *item) error {
	if i.kind != "tenant" {
		return nil
	}
	for _, parts := range []string{"/sources", "/endpoints", "/webhooks"} {
		for _, err := range client.List[json.RawMessage](p.ctx, p.Client, i.path+parts, nil, 0) {
			if err == nil {
				err = errors.New("it stays: somebody else has put something into it")
			}
			return err
		}
	}
	return nil
}

// show tells what was done, or would be.
func (p *plan) show(dry bool) {
	for _, i := range p.items {
		p.did(i.kind, i.name(), i.result, i.made)
		if !dry || p.json {
			continue
		}
		for _, d := range i.differences() {
			p.printf("  %s\n", p.painted(map[byte]string{'+': "32", '-': "31"}[d[0]], d))
		}
	}
}
