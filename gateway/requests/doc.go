// Package requests keeps the newest public requests in memory, refused ones too, and says
// of each which checks it passed and which one decided (SPEC-operations O1): why did it
// not arrive?
//
//	record   a request as a way hands it over, once its answer was decided
//	keeper   keeps it: so many a source or route, so many bytes in all
//	entry    its bytes, in memory of a size class that is used again
//	list     the order in which entries go
//	read     copies of what is kept, the newest first
//	unmatched  the requests that found nothing
//	checks   the steps in order, with words made when they are read
//
// Refused and accepted requests of a place have a share each: a flood of refused ones
// leaves the accepted ones visible. Where memory is full the tree of tenants that
// has most of it gives some up, and of it the tenant that has most: no tenant pushes out
// another's, however many it makes.
//
// Keeping one copies at most a few KiB under one lock, and allocates nothing once places
// and memory are there. Credentials lie here as they came, for a request must be judged
// again with them; whoever reads gets them masked. Nothing of it reaches a disk.
package requests
