import { Project } from 'ts-morph'

/** The folders that hold declarations, by kind. */
export const FOLDERS = { beacon: 'src/beacons', component: 'src/components', event: 'src/events', plan: 'src/plans', policy: 'src/policies', resource: 'src/resources' } as const

/** Loads the declarations of a repository; binds and checks nothing. */
export function loadProject(root: string): Project {
  const project = new Project({
    tsConfigFilePath: `${root}/tsconfig.json`,
    skipAddingFilesFromTsConfig: true,
    skipFileDependencyResolution: true,
  })
  project.addSourceFilesAtPaths(Object.values(FOLDERS).map((folder) => `${root}/${folder}/**/*.ts`))
  return project
}
