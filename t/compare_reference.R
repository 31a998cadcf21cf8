# Values that t/test_rank_test.c is held against, by R; its output is stored:
# Rscript t/compare_reference.R >t/compare_reference.r-values
set.seed(7)
text <- function(values) paste(sapply(values, format, digits = 15), collapse = " ")
put <- function(kind, numbers, a, b) cat(kind, text(numbers), ";", text(a), ";", text(b), "\n")

cat("# Rscript t/compare_reference.R:", R.version.string, "\n")
# The example of ?wilcox.test (Hollander and Wolfe 1973, page 69): permeability of the membrane.
b <- c(0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46)
a <- c(1.15, 0.88, 0.90, 0.74, 1.21)
test <- wilcox.test(b, a, exact = TRUE)
put("exact", c(test$statistic, test$p.value), a, b)
for (n in c(6, 10, 15, 28)) {
	a <- round(rnorm(n), 6)
	b <- round(rnorm(n) + 0.7, 6)
	test <- wilcox.test(b, a, exact = TRUE)
	put("exact", c(test$statistic, test$p.value), a, b)
}
for (n in c(30, 50)) {
	a <- sample(1:9, n, replace = TRUE)
	b <- sample(2:10, n, replace = TRUE)
	test <- wilcox.test(b, a, exact = FALSE, correct = TRUE)
	put("normal", c(test$statistic, test$p.value), a, b)
}
for (n in c(1, 4, 12)) {
	p <- round(runif(n)^3, 9)
	put("holm", n, p, p.adjust(p, method = "holm"))
}
# Of n and n values: the smallest u whose two-sided p is at most the level.
for (n in c(4, 5, 10, 20))
	for (level in c(0.05, 0.004)) {
		u <- 0:(n * n)
		p <- 2 * (1 - pwilcox(u - 1, n, n))
		found <- u[p <= level]
		put("critical", c(level, if (length(found)) min(found) else -1), n, n)
	}
