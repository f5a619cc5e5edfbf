/** Requests at a time. */
const ABREAST = 6

/** Does the work for each, a few at a time, and gives what came of them in their order, a few at a time. */
export async function* batches<T, R>(all: readonly T[], work: (one: T) => Promise<R>): AsyncGenerator<R[]> {
  for (let from = 0; from < all.length; from += ABREAST) yield await Promise.all(all.slice(from, from + ABREAST).map(work))
}
