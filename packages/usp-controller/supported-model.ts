import type { UspAnswer } from '@sluice/wire/usp';

/** What an agent's data model knows, by object path with `{i}`: its parameters, commands "()" and events "!". */
export type SupportedModel = ReadonlyMap<string, ReadonlySet<string>>;

/** Reads a GetSupportedDM answer; branches that the agent does not know are left out. */
export function supportedModelIn(answer: UspAnswer): SupportedModel {
  const model = new Map<string, ReadonlySet<string>>();
  if (answer.kind !== 'response' || answer.response.case !== 'getSupportedDmResp') return model;
  for (const branch of answer.response.value.reqObjResults) {
    for (const object of branch.supportedObjs) {
      const names = [
        ...object.supportedParams.map(({ paramName }) => paramName),
        ...object.supportedCommands.map(({ commandName }) => commandName),
        ...object.supportedEvents.map(({ eventName }) => eventName),
      ];
      model.set(object.supportedObjPath, new Set(names));
    }
  }
  return model;
}
