export async function status(args: readonly string[]): Promise<number> { throw new Error('not there yet: ' + args.join()) }
