// Package monitor watches the patients. It owns partitions of them by lease, reads their deliveries
// from the journal, asks one engine per patient what they mean, tells the feed about alarms at once,
// and stores everything in fenced transactions: alarms and single values within moments, packed
// blocks with the positions they rest on at a checkpoint every ten seconds.
//
// Nothing in memory is worth keeping: after a crash another node rebuilds it from the database and
// the recent journal. The journal may repeat, reorder and lose; the sender keeps everything until
// the checkpoint that covers it is on disk, and only then is told to forget it.
//
// One goroutine per partition decides, one goroutine per node writes, and a partition never waits
// for the writer. No alarm waits for a database.
package monitor
