package resources_test

import (
	"testing"
	"time"

	"hookgate/gateway"
)

// What is being stored for a tenant while it is deleted is stored before, and deleted
// with it: a tenant made anew under the id finds nothing of it.
func TestDeleteTenantWaitsForCommits(t *testing.T) {
	k := newKit(t)
	old := k.tenant("acme", `{"name":"the first"}`)
	life := k.here.Current().Tenant(old.ID).Life
	if !life.Enter() {
		t.Fatal("its life is over")
	}
	deleted, made := make(chan error, 1), make(chan error, 1)
	go func() {
		deleted <- k.Tenants.Delete(admin, "acme")
		_, _, err := k.Tenants.Put(admin, "acme", tree(t, `{"name":"the second"}`))
		made <- err
	}()
	for life.Enter() { // until the deletion has come as far as ending it
		life.Leave()
	}
	key := gateway.NewMarkKey(gateway.MarkDelivery, []byte("late"))
	if err := k.store.Commit(&gateway.Change{Marks: []gateway.Mark{{
		Tenant: "acme", Key: key, CallbackID: "cb_late", Expires: time.Now().Add(time.Hour),
	}}}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-deleted:
		t.Fatal("it is deleted while something is stored for it")
	default:
	}
	life.Leave()
	if err := <-deleted; err != nil {
		t.Fatal(err)
	}
	if err := <-made; err != nil {
		t.Fatal(err)
	}
	if _, found, err := k.store.Mark("acme", key, time.Hour); found || err != nil {
		t.Errorf("the next owner of the id finds it: %v, %v", found, err)
	}
	if k.here.Current().Tenant("acme").Life == life {
		t.Error("the next owner has the life of the first")
	}
}
