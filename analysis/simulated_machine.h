/*
 * simulated_machine.h - a simulated scenario beside the same one on machines: when the first of its VMs was done, the
 * second, and so on.
 *
 * machine.csv: point,place,simulated_s,measured_s,measured_low_s,measured_high_s,n,difference_s,difference_percent,
 * difference_low_s,difference_high_s
 *	a row a VM of a point, in the order in which they were done; difference: simulated less measured, with its 95 %
 *	interval: that of the measured time and that of the job's time alone, to which the simulated time is in proportion,
 *	are taken as independent. Only where the trace (trace.csv in the folder) says when they were done on the machines,
 *	as `migmeter model jobs` writes it, and where it says under which policy, only of points with that.
 */
#ifndef ANALYSIS_SIMULATED_MACHINE_H
#define ANALYSIS_SIMULATED_MACHINE_H

struct err;

/* The times are those of each point's first run (simulated.csv). */
int simulated_machine_write(const char *directory, struct err *e);

#endif
