"""What `crawler --help` says of each command: the first paragraph of its own help, so that none is loaded."""

from __future__ import annotations

from crawler.i18n import N_

WHAT_COMMANDS_DO = {
    "run": N_("Crawl the keywords of PATHS (default: keywords/), or continue where the last run stopped."),
    "plan": N_("What the next run will do, cost and bring: without a call, and without writing anything."),
    "status": N_("What the database holds and how the last runs went."),
    "coverage": N_("How many creators the keywords' niche holds, and which keywords could be left out."),
    "suggest": N_(
        "Propose new keywords: words that many creators have in names and bios and that no keyword covers."
    ),
    "verify": N_("Prove that the database is complete, or list every gap and the command that repairs it."),
    "query": N_("Ask the database a named question, or run read-only SQL."),
    "search": N_("Find creators by name, bio, red_id or the keyword that found them."),
    "export": N_("Write creators to FILE, for Excel, a program or another database."),
    "report": N_("Write the morning's report: one HTML file that needs no network."),
    "browse": N_("Open the database in the browser, read-only."),
    "forget": N_("Erase creators everywhere, and never let them in again."),
    "prune": N_("Remove old raw replies and call rows, and report the space freed."),
    "replay": N_("Read the raw replies again with this version's reader, without a call."),
    "split": N_("Divide keyword files into PARTS files, one for each machine that crawls."),
    "merge": N_("Make one database of those that several machines crawled."),
    "backup": N_("Copy the database as it is at this moment; a run may go on meanwhile."),
    "restore": N_("Put a backup in the place of the database, which is kept beside it."),
    "init": N_(
        "Make a project folder: settings, sample keywords, a place for the token. Nothing is overwritten."
    ),
    "config": N_("Print every setting that holds and where it comes from; no call is made."),
    "schedule": N_("Print what makes this machine crawl every night, or install it for you with --install."),
    "doctor": N_("Check whether the next night will go well, and say what to do where it would not."),
    "demo": N_("Watch a night from start to end with invented creators: no token, under a minute."),
    "simulate": N_("Play the paid API on this machine: invented creators, real trouble."),
}
