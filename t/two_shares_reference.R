# Values that t/test_two_shares.c is held against, by R; its output is stored:
# Rscript t/two_shares_reference.R >t/two_shares_reference.r-values
cat("# Rscript t/two_shares_reference.R:", R.version.string, "\n")

# interval ONES N ONES N LOW HIGH: Newcombe 1998, method 10, from Wilson's intervals as prop.test() has them.
wilson <- function(ones, n) suppressWarnings(prop.test(ones, n, correct = FALSE))$conf.int
for (s in list(c(48, 80, 56, 70), c(3, 10, 9, 10), c(2, 7, 6, 7), c(0, 29, 5, 56), c(0, 20, 0, 10), c(0, 10, 0, 10),
               c(0, 20, 10, 10), c(0, 10, 10, 10), c(5, 5, 5, 5), c(10, 10, 2, 10), c(1, 1, 0, 1))) {
	a <- wilson(s[1], s[2])
	b <- wilson(s[3], s[4])
	p <- s[c(1, 3)] / s[c(2, 4)]
	cat("interval", s, format(p[2] - p[1] - sqrt((p[2] - b[1])^2 + (a[2] - p[1])^2), digits = 12),
	    format(p[2] - p[1] + sqrt((b[2] - p[2])^2 + (p[1] - a[1])^2), digits = 12), "\n")
}

# detectable ONES N N LEVEL THRESHOLD DIRECTION SIZE: where the power of Fisher's exact test is 80 %; -1: nowhere.
fisher <- function(a, na, b, nb) {
	k <- 0:nb
	mean <- nb * (a + b) / (na + nb)
	sum(dhyper(k, a + b, na + nb - a - b, nb)[abs(k - mean) >= abs(b - mean) - 1e-9])
}
detectable <- function(ones, na, nb, level, threshold, direction) {
	pass <- outer(0:na, 0:nb, Vectorize(function(a, b) {
		more <- direction * (b / nb - a / na)
		more > 0 && more >= threshold && fisher(a, na, b, nb) <= level
	}))
	power <- function(p) sum(outer(dbinom(0:na, na, ones / na), dbinom(0:nb, nb, p)) * pass)
	far <- if (direction > 0) 1 else 0
	if (power(far) < 0.8) return(-1)
	abs(uniroot(function(p) power(p) - 0.8, c(ones / na, far), tol = 1e-12)$root - ones / na)
}
for (s in list(c(10, 10, 10, 0.05, 0, -1), c(10, 10, 10, 0.005, 0, -1), c(5, 5, 5, 0.05, 0, -1), c(4, 4, 4, 0.05, 0, -1),
               c(3, 3, 3, 0.05, 0, -1), c(9, 10, 10, 0.05, 0, -1), c(10, 10, 10, 0.05, 0.9, -1), c(0, 10, 10, 0.05, 0, -1),
               c(1, 12, 8, 0.05, 0, 1), c(20, 40, 30, 0.01, 0, 1), c(40, 40, 40, 0.05, 0, -1)))
	cat("detectable", s, format(do.call(detectable, as.list(s)), digits = 12), "\n")
