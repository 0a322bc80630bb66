package main

import (
	"cmp"
	"context"
	"encoding/json"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/tidwall/gjson"

	"hookgate/gateway/client"
)

// completing is what a shell asks while somebody types.
type completing = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)

// patience is how long a shell waits for what it completes with.
const patience = 2 * time.Second

// mostCompleted is how many words a shell is given.
const mostCompleted = 1000

// completes has a flag completed.
func completes(cmd *cobra.Command, flag string, by completing) {
	if err := cmd.RegisterFlagCompletionFunc(flag, by); err != nil {
		panic(err) // no such flag: a slip of ours
	}
}

// words completes with words that are known.
func words(all ...string) completing {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return all, cobra.ShellCompDirectiveNoFileComp
	}
}

// tenantsOf completes with the tenants that the token reaches.
func tenantsOf(r *running) completing {
	return r.idsOf(func(string) string { return client.Path("v1", "tenants") })
}

// partsOf completes with the parts of the tenant, of a kind such as sources.
func partsOf(r *running, kind string) completing {
	return r.idsOf(func(tenant string) string {
		if tenant == "" {
			return ""
		}
		return client.Path("v1", "tenants", tenant, kind)
	})
}

// idsOf completes with the ids of a list. A hookgate that cannot be asked completes
// nothing, and says nothing: somebody types.
func (r *running) idsOf(path func(tenant string) string) completing {
	return func(cmd *cobra.Command, _ []string, begins string) (ids []string, _ cobra.ShellCompDirective) {
		list := path(cmp.Or(r.tenant, os.Getenv("HOOKGATE_TENANT")))
		c, err := r.connected(client.Options{
			Server: r.base(), Token: cmp.Or(r.token, os.Getenv("HOOKGATE_TOKEN"), os.Getenv("HOOKGATE_ADMIN_TOKEN")), Tries: 1, Timeout: patience,
		})
		if err != nil || list == "" {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		for one, err := range client.List[json.RawMessage](ctx, c, list, nil, mostCompleted) {
			if err != nil {
				break
			}
			if id := gjson.GetBytes(one, "id").String(); strings.HasPrefix(id, begins) {
				ids = append(ids, id)
			}
		}
		return ids, cobra.ShellCompDirectiveNoFileComp
	}
}

// onlyFirst completes the first word alone.
func onlyFirst(by completing) completing {
	return func(cmd *cobra.Command, args []string, begins string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return by(cmd, args, begins)
	}
}
