// Package keeping takes backups of a data folder, and brings them back (SPEC O6, O10).
//
//	backup   one at a time: the files of a checkpoint, at a pace, as a tar
//	archive  the tar: who wrote it, the files, and last of all their sums
//	restore  an archive to a folder that is empty; nothing of one that was cut
//	held     a restored gateway sends nothing until somebody says so
//
// An archive is a tar that any tar reads, and its last entry is what sha256sum reads, so
// that nobody needs hookgate to look into a backup. The master key is in it only where that
// was asked for: who has the archive alone has no secrets.
package keeping
