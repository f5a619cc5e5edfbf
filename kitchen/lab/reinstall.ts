export async function reinstall(args: readonly string[]): Promise<number> { throw new Error('not there yet: ' + args.join()) }
