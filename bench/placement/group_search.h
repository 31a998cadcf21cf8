/*
 * group_search.h - how many moves at a time are of use, sought while they run (schedule = adaptive of
 * group_schedule.h).
 *
 * K is climbed by what it brings, as transfers of files choose their number of connections (Arifuzzaman and Arslan,
 * Online optimization of file transfers in high-speed networks, SC 2021). Moves are no files: at a K-th of the rate
 * each VM dirties more before it is across, so what counts is
 *
 *	progress = goodput of the group - dirty rates of the VMs that move
 *
 * since a VM of M bytes that dirties d of a rate b has to send M / (1 - d / b).
 *
 * Where slow start is over within two windows, K grows by one with each in which progress grew by the share `gain`.
 * Where it has not for `patience` windows, K becomes what is enough: the group's best goodput over that of one
 * move, and as many more as dirty a small share of the goodput, to hide that moves begin and end. Where nothing is sent for a
 * second, moves take long to begin, and a second one begins.
 *
 * Over a longer round trip a connection doubles its rate in each until its window, the link or a loss ends that,
 * and what it brings is not known sooner. Two begin at once, and two more as soon as these send or could have come
 * to their speed, since the link has room for their ramps. Progress is judged when three quarters of the moves
 * have come to their speed: if it has grown by half of what as many more would bring if each brought as much as
 * those before, and by `gain`, half as many more begin; else K goes back to what was enough, and no further. For
 * on a full link those that begin leave slow start at once (RFC 9406) and crawl to their end. So, too, none begins
 * when what is left takes less than four times what it needs to gain speed. When it takes ten times that, all but
 * one are recalled first, to see whether they bring more than it does alone; and when forty times, those that hide
 * how moves begin and end are allowed here, too.
 *
 * Moves that were begun beyond it have to be worth going on with: what the VMs dirty until all are across is sent
 * again, and if that takes longer than to begin those moves once more, those that have just begun are recalled,
 * after a try, too.
 *
 * What was seen once is then tried again, since connections lose and links are shared. A stretch is seven windows
 * in which the same moves went on, all at speed and no more gaining. Where its mean goodput is by twice `gain`
 * below the best, half as many more are tried; else, now and then, one more, if others would still wait then. A try
 * is judged by a stretch of its own: half of what as many more would bring if each brought as much as those before
 * must have come, and `gain` at least. Then K stays there, and more are tried at once. If not, K goes back, the
 * time to the next try doubles, and the link is believed to carry what it carries now. Over a long round trip one
 * more is tried at once where all that move have come to their speed and half of the link is free.
 */
#ifndef BENCH_PLACEMENT_GROUP_SEARCH_H
#define BENCH_PLACEMENT_GROUP_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

enum { SEARCH_STRETCH = 7, SEARCH_RECENT = 3 /* windows */ };

/* What was seen in one window. */
struct search_window {
	double goodput, single;  /* bytes/s: of all moves, of the fastest */
	double dirty;            /* bytes/s: of the VMs that move */
	double dirty_mean;       /* of a VM of the group; NAN: of none is it known */
	double left_bytes;       /* that moves which go on still have to send, as far as it is known */
	double waiting_bytes;    /* of those that wait */
	double setup_s, ramp_s;  /* of a move, before it sends; and until slow start is over */
	double young_bytes;      /* that a move which has just begun has sent, mean */
	int moving, most_moving; /* at its end, at most in it */
	int waiting;
	int sending, settled;  /* have sent something, have come to their speed */
	double settled_single; /* bytes/s: of the fastest of these */
	bool at_speed;         /* all that move have had half of their share */
};

struct group_search {
	double gain;
	int patience;
	int limit;               /* K now */
	int excess;              /* moves that are to be recalled */
	char why[160];           /* why it changed last; "" it has not */
	double goodput;          /* of the last window */
	double capacity, single; /* the most that was seen, of all and of one, as far as it is still believed */
	/* the climb */
	int first;
	bool climbed, ahead; /* ahead: more begin before the first are judged */
	double best;         /* progress; NAN: none yet */
	int best_moving;     /* when so many moved */
	double above;        /* progress that was seen first, of more */
	int above_moving;    /* of so many; 0: not */
	int fruitless;       /* windows without more */
	/* the stretch */
	double stretch[SEARCH_STRETCH];
	int windows, stretch_moving;
	double usual; /* the best mean goodput of a stretch */
	/* tries */
	int least;      /* a try has shown that so many are of use */
	int tried;      /* as many are tried; 0: none is on */
	int tried_at;   /* when so many moved */
	double before;  /* with this goodput */
	int hold, held; /* windows until one more is tried, and those that have passed */
};

/* first: so many begin at once; above 1: slow start takes longer than a window. */
void search_begin(struct group_search *s, double gain, int patience, int first);

/* Nothing is sent yet, so there is no window, for a second and as long as a slow start takes: once, twice as many begin. */
void search_ahead(struct group_search *s, int moving, int waiting);

/* The next window. */
void search_look(struct group_search *s, const struct search_window *w);

#endif
