package storetest

import (
	"fmt"
	"time"

	"hookgate/gateway/stats"
	"hookgate/gateway/store"
)

// figuresOf is the store as stats asks of it.
func figuresOf(k *kit) stats.Store {
	s, is := k.Store.(stats.Store)
	if !is {
		k.Fatal("the store keeps no figures")
	}
	return s
}

// figured are the figures of a series that are stored, as "minute=data …".
func figured(k *kit, of store.FiguresOf) (text string) {
	k.Helper()
	k.must(figuresOf(k).Figures(of, func(at time.Time, data []byte) { text += fmt.Sprintf("%s=%s ", at.Format("2T15:04"), data) }))
	return text
}

func figuresRoundTrip(k *kit) {
	begin := k.now.UTC().Truncate(24 * time.Hour).Add(10 * time.Hour)
	at := func(minutes int) time.Time { return begin.Add(time.Duration(minutes) * time.Minute) }
	put := func(tenant, series string, hour bool, at time.Time, data string) {
		k.must(figuresOf(k).PutFigures([]store.Figures{{Tenant: tenant, Series: series, Hour: hour, At: at, Data: []byte(data)}}))
	}
	for _, m := range []int{0, 59, 60, 1, 125} {
		put(acme, "", false, at(m), fmt.Sprint(m))
		put(acme, "e/crm", false, at(m), fmt.Sprint("crm", m))
		put("*", "", false, at(m), fmt.Sprint("all", m))
	}
	put(acmeB, "", false, at(1), "other")
	put(acme, "", false, at(1), "again")
	put(acme, "", true, at(0), "hour")
	put(acme, "", true, at(24*60), "next day")
	day := begin.Format("2")
	for _, c := range []struct {
		of   store.FiguresOf
		want string
	}{
		{store.FiguresOf{Tenant: acme, Since: at(0), Until: at(1000)}, "DT10:00=0 DT10:01=again DT10:59=59 DT11:00=60 DT12:05=125 "},
		{store.FiguresOf{Tenant: acme, Since: at(1), Until: at(60)}, "DT10:01=again DT10:59=59 "},
		{store.FiguresOf{Tenant: acme, Series: "e/crm", Since: at(60), Until: at(61)}, "DT11:00=crm60 "},
		{store.FiguresOf{Tenant: acme, Series: "e/cr", Since: at(0), Until: at(1000)}, ""},
		{store.FiguresOf{Tenant: "*", Since: at(59), Until: at(60)}, "DT10:59=all59 "},
		{store.FiguresOf{Tenant: acme, Hour: true, Since: at(0), Until: at(60)}, "DT10:00=hour "},
		{store.FiguresOf{Tenant: acmeB, Since: at(0), Until: at(1000)}, "DT10:01=other "},
		{store.FiguresOf{Tenant: "nobody", Since: at(0), Until: at(1000)}, ""},
		{store.FiguresOf{Tenant: acme, Since: at(10), Until: at(10)}, ""},
	} {
		want := ""
		for _, r := range c.want {
			if r == 'D' {
				want += day
			} else {
				want += string(r)
			}
		}
		k.same(fmt.Sprintf("%+v", c.of), figured(k, c.of), want)
	}
}

func figuresExpire(k *kit) {
	old, young := k.now.UTC().Truncate(time.Hour).Add(-26*time.Hour), k.now.UTC().Truncate(time.Hour).Add(-time.Hour)
	for _, at := range []time.Time{old, young} {
		k.must(figuresOf(k).PutFigures([]store.Figures{
			{Tenant: acme, At: at, Data: []byte("m")}, {Tenant: acme, Hour: true, At: at, Data: []byte("h")},
			{Tenant: acme, Hour: true, At: at.Add(-31 * 24 * time.Hour), Data: []byte("long ago")},
		}))
	}
	k.must(k.Store.Expire(k.now))
	all := store.FiguresOf{Tenant: acme, Since: old.Add(-40 * 24 * time.Hour), Until: k.now}
	k.same("minutes of a day", figured(k, all), young.Format("2T15:04")+"=m ")
	all.Hour = true
	k.same("hours of a month", figured(k, all), old.Format("2T15:04")+"=h "+young.Format("2T15:04")+"=h ")
}
