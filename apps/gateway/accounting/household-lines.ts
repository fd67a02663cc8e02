import type { Audit, Sparing } from '@sluice/audit';
import type { LearnedKeys } from '../consent/learned-keys.ts';
import type { DeskGround } from '../household/desk.ts';

/** The household's desk, accounted for: pauses, and devices that it forgets. */
export function accountedDesk(desk: DeskGround, audit: Audit): DeskGround {
  const { appliances } = desk;
  return {
    ...desk,
    appliances: {
      all: () => appliances.all(),
      forget(applianceId) {
        const wasKnown = appliances.forget(applianceId);
        if (wasKnown) audit.note('household-acted', { what: 'forget', appliance: applianceId });
        return wasKnown;
      },
    },
    rememberPause(paused) {
      audit.note('household-acted', { what: paused ? 'pause' : 'resume' });
      desk.rememberPause(paused);
    },
  };
}

/** Learned keys, accounted for: which device under which name, each time that it is another. */
export function accountedKeys(keys: LearnedKeys, audit: Audit, sparing: Sparing): Pick<LearnedKeys, 'introduce'> {
  return {
    introduce(applianceId, jwk, device, now) {
      const before = keys.all().find((known) => known.applianceId === applianceId);
      const learned = keys.introduce(applianceId, jwk, device, now);
      if ('code' in learned) {
        const { isNoted, ...spared } = sparing.ask(device);
        if (isNoted)
          audit.note('appliance-introduced', { appliance: applianceId, device, refused: learned.code, ...spared });
      } else if (learned !== before)
        audit.note('appliance-introduced', { appliance: applianceId, device, thumbprint: learned.thumbprint });
      return learned;
    },
  };
}
